#!/usr/bin/env python3
"""Writes data/config/profiles-botocore.json: what botocore makes of the files of profile-parser-tests.json, and of titles of sections as a shell would read them. Needs botocore 1.44.5."""
import json
import os
import tempfile

import botocore.session
from botocore.exceptions import ConfigParseError

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 'config')
TITLES = ['profile a b', 'profile "a b"', "profile 'a b'", 'profile a\\ b', 'profile "a\\"b"', 'profile "a\\nb"', "profile 'a\\nb'", 'profile ""', "profile ''", 'profile "a', "profile a'", 'profile a\\',
          'profile a"b"c', 'profile\ta', 'profile  a  ', ' profile a', 'profilea b', 'profile', 'profiles a', 'sso-session "x y"', 'sso-sessions x', 'sso-session x y', 'services x', 'servicesx y', 'Profile a',
          'default', 'profile default', 'DEFAULT', 'profile "\u00e9"', 'profile #x', 'profile a#b', "profile 'a'\"b\"", 'plain', '"profile" a', 'profile $HOME', 'profile a\\\\b', 'profile "a\\\\b"', "profile 'a\\\\b'"]
PAIRS = [('[profile a]\nx = 1\n[profile "a"]\ny = 2\n', None), ('[default]\nx = 1\n[profile default]\ny = 2\n', None), ('[profile default]\ny = 2\n[default]\nx = 1\n', None),
         ('[profile a]\nx = 1\ny = 2\n', '[a]\nx = 3\nz = 4\n'), ('[profile a]\ns3 =\n  k = 1\n  l = 2\n', '[a]\ns3 =\n  k = 3\n'), ('[DEFAULT]\nd = 1\n[profile a]\nx = 1\n', '[DEFAULT]\ne = 1\n[b]\n')]


def ask(config, credentials):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (('config', config), ('credentials', credentials)):
            with open(os.path.join(folder, name), 'w', encoding='utf-8', newline='') as file:
                file.write(text or '')
        session = botocore.session.Session(session_vars={'config_file': (None, None, os.path.join(folder, 'config'), None),
                                                         'credentials_file': (None, None, os.path.join(folder, 'credentials'), None)})
        try:
            full = session.full_config
        except ConfigParseError:
            return {'error': 'ConfigParseError'}
        return {'profiles': full['profiles'], 'sso_sessions': full.get('sso_sessions', {}), 'services': full.get('services', {})}


def main():
    with open(os.path.join(HERE, 'profile-parser-tests.json'), encoding='utf-8') as file:
        inputs = [(t['input'].get('configFile'), t['input'].get('credentialsFile')) for t in json.load(file)['tests']]
    inputs += [(f'[{title}]\nx = 1\n', None) for title in TITLES] + [(None, f'[{title}]\nx = 1\n') for title in TITLES[:4]] + PAIRS
    cases = [{'config': c or '', 'credentials': d or '', 'output': ask(c, d)} for c, d in inputs]
    with open(os.path.join(HERE, 'profiles-botocore.json'), 'w', encoding='utf-8') as out:
        json.dump({'cases': cases}, out, indent=1)
        out.write('\n')
    print(len(cases), 'cases,', sum('error' in c['output'] for c in cases), 'errors')


if __name__ == '__main__':
    main()
