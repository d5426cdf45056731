#!/usr/bin/env python3
"""Writes data/schemes/: services with all sorts of auth traits, and how botocore signs their operations. Needs botocore 1.44.5 and awscrt.

Where tucuxi decides otherwise (docs/differences.md, "Auth schemes"), the case has both answers, and the reason.
"""
import contextlib
import json
import os
import pathlib
import shutil

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.signers import RequestSigner
from botocore import UNSIGNED

FOLDER = pathlib.Path(__file__).parent / 'data/schemes'
SERVICES = {
    'one': {'auth': ['aws.auth#sigv4'], 'signatureVersion': 'v4', 'signingName': 'one-name'},
    'two': {'auth': ['aws.auth#sigv4a', 'aws.auth#sigv4'], 'signatureVersion': 'v4'},
    'rock': {'auth': ['aws.auth#sigv4', 'smithy.api#httpBearerAuth'], 'signatureVersion': 'v4', 'signingName': 'bedrock'},
    'token': {'auth': ['smithy.api#httpBearerAuth'], 'signatureVersion': 'bearer', 'signingName': 'the token'},
    'older': {'signatureVersion': 'v4'},
    'oldest': {'signatureVersion': 'v2'},
}
OPERATIONS = {
    'Plain': {}, 'NoAuth': {'auth': ['smithy.api#noAuth']}, 'Auth': {'auth': ['aws.auth#sigv4a', 'aws.auth#sigv4']}, 'None': {'authtype': 'none'},
    'Unsigned': {'authtype': 'v4-unsigned-body', 'unsignedPayload': True},
}
V4 = {'name': 'sigv4', 'signingRegion': 'eu-north-1', 'signingName': 'from-endpoint'}
V4A = {'name': 'sigv4a', 'signingRegionSet': ['us-east-1', 'eu-*'], 'signingName': 'from-endpoint-a', 'disableDoubleEncoding': True}
ENDPOINTS = {'': None, 'V4': [V4], 'V4a': [V4A], 'V4aV4': [V4A, V4], 'Bare': [{'name': 'sigv4'}], 'NewV4': [{'name': 'sigv9'}, V4], 'New': [{'name': 'sigv9'}, {'name': 'sigv10'}]}
CONFIGS = [
    ({}, {}), ({'signature_version': 'v4'}, {}), ({'signature_version': 'v4a'}, {}), ({'signature_version': 'unsigned'}, {}), ({'signature_version': 'bearer'}, {}), ({'signature_version': 'v2'}, {}),
    ({'auth_scheme_preference': 'sigv4a'}, {}), ({'auth_scheme_preference': ' nonsense ,\tsigv4, sigv4a'}, {}), ({'auth_scheme_preference': 'httpBearerAuth,noAuth'}, {}),
    ({'auth_scheme_preference': 'nonsense'}, {}), ({'sigv4a_signing_region_set': 'ap-east-1,us-*'}, {}), ({'signature_version': 'v4a', 'sigv4a_signing_region_set': 'ap-east-1'}, {}),
    ({}, {'AWS_AUTH_SCHEME_PREFERENCE': 'sigv4'}), ({}, {'AWS_AUTH_SCHEME_PREFERENCE': 'httpBearerAuth'}), ({}, {'AWS_SIGV4A_SIGNING_REGION_SET': 'me-south-1'}),
    ({}, {'AWS_BEARER_TOKEN_BEDROCK': 'rocks', 'AWS_BEARER_TOKEN_THE_TOKEN': 'tokens', 'AWS_BEARER_TOKEN_ONE_NAME': 'ones'}),
    ({'signature_version': 'v4'}, {'AWS_BEARER_TOKEN_BEDROCK': 'rocks'}), ({'auth_scheme_preference': 'sigv4'}, {'AWS_BEARER_TOKEN_BEDROCK': 'rocks'}),
    ({'auth_scheme_preference': 'httpBearerAuth'}, {'AWS_BEARER_TOKEN_BEDROCK': 'rocks'}), ({}, {'AWS_BEARER_TOKEN_BEDROCK': 'rocks', 'AWS_AUTH_SCHEME_PREFERENCE': 'sigv4'}),
]
NAMES = {'v4': 'sigv4', 's3v4': 'sigv4', 'v4a': 'sigv4a', 'bearer': 'bearer', 'v2': 'sigv2'}


class Captured(Exception):
    pass


def capture(self, signing_name, region_name, signature_version=None, **kwargs):
    raise Captured(NAMES[signature_version], region_name, signing_name)


def unsigned(**kwargs):
    raise Captured('none', '', '')


def operation_name(operation, endpoint):
    return f'{operation}At{endpoint}'


def write_models():
    shutil.rmtree(FOLDER / 'models', ignore_errors=True)
    for service, traits in SERVICES.items():
        operations = {}
        for operation, auth in OPERATIONS.items():
            for endpoint, schemes in ENDPOINTS.items():
                name = operation_name(operation, endpoint)
                operations[name] = {'name': name, 'http': {'method': 'POST', 'requestUri': '/'}, **auth}
                if schemes is not None:
                    operations[name]['staticContextParams'] = {'Schemes': {'value': endpoint}}
        model = {'version': '2.0', 'metadata': {'apiVersion': '2024-01-01', 'endpointPrefix': service, 'protocol': 'query', 'protocols': ['query'], 'serviceId': service,
                                                'serviceFullName': service, 'uid': service, **traits}, 'operations': operations, 'shapes': {}}
        rules = [{'conditions': [{'fn': 'isSet', 'argv': [{'ref': 'Schemes'}]}, {'fn': 'stringEquals', 'argv': [{'ref': 'Schemes'}, endpoint]}],
                  'endpoint': {'url': 'https://host.example.com', 'properties': {'authSchemes': schemes}, 'headers': {}}, 'type': 'endpoint'}
                 for endpoint, schemes in ENDPOINTS.items() if schemes is not None]
        rules.append({'conditions': [], 'endpoint': {'url': 'https://host.example.com', 'properties': {}, 'headers': {}}, 'type': 'endpoint'})
        ruleset = {'version': '1.0', 'parameters': {'Region': {'builtIn': 'AWS::Region', 'required': False, 'type': 'String', 'documentation': ''},
                                                    'Schemes': {'required': False, 'type': 'String', 'documentation': ''}}, 'rules': rules}
        folder = FOLDER / 'models' / service / '2024-01-01'
        folder.mkdir(parents=True)
        (folder / 'service-2.json').write_text(json.dumps(model, indent=1) + '\n')
        (folder / 'endpoint-rule-set-1.json').write_text(json.dumps(ruleset, indent=1) + '\n')


@contextlib.contextmanager
def environment(variables):
    os.environ.update(variables)
    yield
    for name in variables:
        del os.environ[name]


def ask(client, operation):
    try:
        getattr(client, client_method(client, operation))()
    except Captured as captured:
        scheme, region, name = captured.args
        return scheme if scheme in ('none', 'bearer', 'sigv2') else f'{scheme} {region} {name}'
    except BotoCoreError as error:
        return f'{type(error).__name__} {error}'
    raise AssertionError('nothing was captured')


def client_method(client, operation):
    return next(method for method, name in client.meta.method_to_api_mapping.items() if name == operation)


def decide(config, operation, answer):
    """What tucuxi answers, and why, where it is something else."""
    if operation.startswith('No') and answer != 'none':
        return 'none', 'the operation is not signed, whatever its endpoint offers'
    if config.get('signature_version') == 'unsigned' and answer != 'none':
        return 'none', 'an unsigned client signs nothing'
    if answer.startswith('UnsupportedSignatureVersionError'):
        return 'UnknownSignatureVersionError Unknown Signature Version: v9, v10.', 'one sentence for schemes that are unknown'
    return answer, None


def ask_all(service, config):
    session = botocore.session.Session()
    session.set_credentials('AKID', 'secret')
    given = {k: UNSIGNED if v == 'unsigned' else v for k, v in config.items()}
    client = session.create_client(service, region_name='us-west-2', config=Config(**given) if given else None)
    client.meta.events.register('before-send', unsigned)
    group = {'service': service, 'config': config, 'expect': {}, 'otherwise': {}}
    for operation in (operation_name(o, e) for o in OPERATIONS for e in ENDPOINTS):
        answer = ask(client, operation)
        group['expect'][operation], why = decide(config, operation, answer)
        if why:
            group['otherwise'][operation] = [answer, why]
    return group


def main():
    write_models()
    os.environ['AWS_DATA_PATH'] = str(FOLDER / 'models')
    for name in ('AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'):
        os.environ[name] = '/dev/null'
    RequestSigner.get_auth_instance = RequestSigner.get_auth = capture
    groups = []
    for config, variables in CONFIGS:
        for service in SERVICES:
            with environment(variables):
                groups.append({'environment': variables, **ask_all(service, config)})
    lines = ',\n'.join(json.dumps(group) for group in groups)
    (FOLDER / 'vectors.json').write_text('{"groups": [\n' + lines + '\n]}\n')


if __name__ == '__main__':
    main()
