#!/usr/bin/env python3
"""Writes data/retries/policy.json: sequences of calls through botocore's standard retry mode, and what it decided; and modes.json: the same of its legacy handlers, and of its adaptive rate
limiter under a clock of its own. Needs botocore 1.44.5."""
import copy
import json
import os
import random

import botocore.loaders
from botocore import retryhandler, translate
from botocore.awsrequest import AWSResponse
from botocore.exceptions import (CapacityNotAvailableError, ConnectTimeoutError, ConnectionClosedError, EndpointConnectionError, HTTPClientError, ParamValidationError,
                                 ReadTimeoutError)
from botocore.model import ServiceModel
from botocore.retries import bucket, quota, standard, throttling
from botocore.retries.adaptive import ClientRateLimiter, RateClocker

# The library's name of a failure beside botocore's.
EXCEPTIONS = {
    'ECONNREFUSED': EndpointConnectionError(endpoint_url='http://x', error='refused'),
    'EAI_NONAME': EndpointConnectionError(endpoint_url='http://x', error='no name'),
    'ECONNRESET': ConnectionClosedError(endpoint_url='http://x'),
    'EOF': ConnectionClosedError(endpoint_url='http://x'),
    'ETIMEDOUT': ReadTimeoutError(endpoint_url='http://x'),
    'EHOSTUNREACH': ConnectTimeoutError(endpoint_url='http://x'),
    'TCX_EPROTO': HTTPClientError(error='garbage'),
    'TCX_EPARAM': ParamValidationError(report='bad'),
}
CODES = ['Throttling', 'ThrottlingException', 'ThrottledException', 'RequestThrottledException', 'TooManyRequestsException',
         'ProvisionedThroughputExceededException', 'TransactionInProgressException', 'RequestLimitExceeded', 'BandwidthLimitExceeded',
         'LimitExceededException', 'RequestThrottled', 'SlowDown', 'PriorRequestNotComplete', 'EC2ThrottledException', 'RequestTimeout',
         'RequestTimeoutException', 'IDPCommunicationError', 'NoSuchKey', 'AccessDenied', 'InternalError', '', 'throttling',
         'ModeledThrottling', 'ModeledRetryable', 'ByCode', 'ModeledPlain', 'ModeledWithCode']
MODELED = {'ModeledThrottling': (True, True), 'ModeledRetryable': (True, False), 'ByCode': (True, True), 'ModeledPlain': (False, False)}
SERVICES = {'S3': 's3', 'DynamoDB': 'dynamodb', 'DynamoDB Streams': 'dynamodb-streams', 'STS': 'sts', 'SQS': 'sqs', 'SFN': 'sfn', 'SWF': 'swf'}
OPERATIONS = {'SQS': ['ReceiveMessage', 'SendMessage'], 'SFN': ['GetActivityTask', 'StartExecution'], 'SWF': ['PollForActivityTask', 'PollForDecisionTask', 'ListDomains']}


def service_model(service_id, name):
    def shape(**more):
        return {'type': 'structure', 'members': {}, 'exception': True, **more}
    operations = {o: {'name': o, 'http': {'method': 'POST', 'requestUri': '/'},
                      'errors': [{'shape': s} for s in ('ModeledThrottling', 'ModeledRetryable', 'ModeledWithCode', 'ModeledPlain')]}
                  for o in OPERATIONS.get(service_id, ['Operation'])}
    return ServiceModel({'metadata': {'serviceId': service_id, 'endpointPrefix': name}, 'operations': operations,
                         'shapes': {'ModeledThrottling': shape(retryable={'throttling': True}), 'ModeledRetryable': shape(retryable={}),
                                    'ModeledWithCode': shape(retryable={'throttling': True}, error={'code': 'ByCode'}), 'ModeledPlain': shape()}},
                        name)


class Client:
    """One client's retry handling, put together as register_retry_handler does."""

    def __init__(self, service_id, rng):
        name = SERVICES[service_id]
        self.rng, self.service_id = rng, service_id
        self.model = service_model(service_id, name)
        self.max_attempts = standard._SERVICE_MAX_ATTEMPTS.get(name, standard.DEFAULT_MAX_ATTEMPTS)
        adapter = standard.RetryEventAdapter()
        detector = standard.ThrottlingErrorDetector(adapter)
        self.quota = quota.RetryQuota()
        self.checker = standard.RetryQuotaChecker(self.quota, detector)
        self.slept = None
        backoff = standard.ExponentialBackoff(service_name=name, throttling_detector=detector, random=lambda: self.jitter)
        self.handler = standard.RetryHandler(standard.RetryPolicy(standard.StandardRetryConditions(self.max_attempts), backoff), adapter, self.checker,
                                             service_name=name, sleep=self.sleep)
        self.detector = detector

    def sleep(self, seconds):
        self.slept = seconds

    def call(self, operation, failure_rate):
        context, steps = {}, []
        for attempt in range(1, self.max_attempts + 1):
            if self.rng.random() >= failure_rate:
                self.checker.release_retry_quota(context, AWSResponse('', 200, {}, None))
                steps.append({'success': True, 'available': self.quota.available_capacity})
                return steps
            step = self.fail(operation, attempt, context)
            steps.append(step)
            if not step['retry']:
                return steps
        return steps

    def fail(self, operation, attempt, context):
        rng, step = self.rng, {'attempt': attempt}
        self.jitter, self.slept = rng.random(), None
        response, error = None, None
        if rng.random() < 0.2:
            step['exception'] = rng.choice(list(EXCEPTIONS))
            error = EXCEPTIONS[step['exception']]
        else:
            step['http'], step['code'] = rng.choice([400, 400, 403, 404, 409, 429, 500, 501, 502, 503, 504, 509]), rng.choice(CODES)
            headers = {}
            if rng.random() < 0.3:
                headers['x-amz-retry-after'] = step['retry_after'] = rng.choice(['0', '10', '700', '3000', '4999', '100000', '-5', '1.5', 'soon', '99999999999999999999'])
            parsed = {'Error': {'Code': step['code']}, 'ResponseMetadata': {}}
            response = (AWSResponse('', step['http'], headers, None), parsed)
            if step['code'] in MODELED:
                step['modeled'] = list(MODELED[step['code']])
        delay = self.handler.needs_retry(response=response, operation=self.model.operation_model(operation), attempts=attempt,
                                         caught_exception=error, request_dict={'context': context})
        waited = self.slept if self.slept is not None else (delay or 0)
        step.update(random=self.jitter, retry=bool(delay is not None and delay is not False), delay_ms=waited * 1000, available=self.quota.available_capacity)
        if response is not None:
            metadata = response[1]['ResponseMetadata']
            step['max_attempts_reached'] = metadata.get('MaxAttemptsReached', False)
            step['quota_reached'] = metadata.get('RetryQuotaReached', False)
        return step


LEGACY = {'Organizations': 'organizations', 'DynamoDB': 'dynamodb', 'DynamoDB Streams': 'streams.dynamodb', 'EC2': 'ec2', 'CloudSearch': 'cloudsearch', 'Kinesis': 'kinesis', 'SQS': 'sqs',
          'S3': 's3', 'Glacier': 'glacier', 'Route 53': 'route53', 'STS': 'sts', 'Lambda': 'lambda'}
LEGACY_STEPS = 100


def legacy():
    """One list of failures a service, each at some attempt."""
    loader, rng, services = botocore.loaders.Loader(), random.Random(15), []
    data = loader.load_data('_retry')
    codes = CODES + ['ReplicatedWriteConflictException', 'BadDigest']
    exceptions = [e for e in EXCEPTIONS if e != 'TCX_EPROTO']  # which botocore does not try again
    for service_id, prefix in LEGACY.items():
        config = translate.build_retry_config(prefix, copy.deepcopy(data['retry']), copy.deepcopy(data['definitions']))
        handler, steps = retryhandler.create_retry_handler(config, prefix), []
        most = config['__default__']['max_attempts']
        for _ in range(LEGACY_STEPS):
            step = {'attempt': rng.randrange(1, most + 1), 'random': rng.random()}
            response, error = None, None
            if rng.random() < 0.2:
                step['exception'] = rng.choice(exceptions)
                error = EXCEPTIONS[step['exception']]
            else:
                step['http'], step['code'] = rng.choice([400, 400, 400, 403, 404, 408, 409, 409, 429, 500, 502, 503, 504, 509]), rng.choice(codes)
                response = (AWSResponse('', step['http'], {}, None), {'Error': {'Code': step['code']}, 'ResponseMetadata': {}})
            random.random, keep = (lambda n=step['random']: n), random.random
            try:
                delay = handler(attempts=step['attempt'], response=response, caught_exception=error, request_dict={'context': {}})
            except type(error) if error else ():
                delay = None
            finally:
                random.random = keep
            step.update(retry=delay is not None, delay_ms=float((delay or 0) * 1000))
            if response is not None:
                step['max_attempts_reached'] = response[1]['ResponseMetadata'].get('MaxAttemptsReached', False)
            steps.append(step)
        services.append({'service_id': service_id, 'max_attempts': most, 'steps': steps})
    return services


class SteppedClock:
    now = 0.0

    def current_time(self):
        return self.now


def adaptive():
    """Runs of attempts and answers: how long each attempt waits, and what the limiter is then."""
    rng, runs = random.Random(16), []
    for share in (0.02, 0.1, 0.3, 0.6):
        clock = SteppedClock()
        clock.now = begin = round(rng.uniform(0, 1000), 3)
        detector = type('Detector', (), {'is_throttling_error': lambda self, throttled: throttled})()
        tokens, clocker = bucket.TokenBucket(max_rate=1, clock=clock), RateClocker(clock)
        limiter, steps = ClientRateLimiter(throttling.CubicCalculator(starting_max_rate=0, start_time=begin), clocker, tokens, detector, clock), []
        for _ in range(600):
            clock.now = round(clock.now + rng.choice([0, 0.001, 0.01, 0.05, 0.3, 1.7]), 3)
            step = {'now': clock.now}
            if rng.random() < 0.5:
                step['throttled'] = rng.random() < share
                limiter.on_receiving_response(throttled=step['throttled'])
            else:
                step['wait'] = 0.0
                if limiter._enabled:
                    try:
                        tokens.acquire(block=False)
                    except CapacityNotAvailableError:
                        step['wait'] = tokens._sleep_amount(1)
            step.update(fill_rate=float(tokens.max_rate), capacity=float(tokens.available_capacity), measured_rate=float(clocker.measured_rate), enabled=limiter._enabled)
            steps.append(step)
        runs.append({'begin': begin, 'steps': steps})
    return runs


def main():
    rng, clients = random.Random(14), []
    for service_id in SERVICES:
        for failure_rate in (0.5, 0.97):
            client, calls = Client(service_id, rng), []
            for _ in range(60):
                operation = rng.choice(OPERATIONS.get(service_id, ['Operation']))
                calls.append({'operation': operation, 'steps': client.call(operation, failure_rate)})
            clients.append({'service_id': service_id, 'max_attempts': client.max_attempts, 'calls': calls})
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 'retries', 'policy.json')
    with open(path, 'w') as out:
        json.dump({'clients': clients}, out, separators=(',', ':'))
        out.write('\n')
    with open(os.path.join(os.path.dirname(path), 'modes.json'), 'w') as out:
        json.dump({'legacy': legacy(), 'adaptive': adaptive()}, out, separators=(',', ':'))
        out.write('\n')
    steps = [s for c in clients for call in c['calls'] for s in call['steps']]
    print(len(steps), 'steps,', sum(s.get('quota_reached', False) for s in steps), 'without quota')


if __name__ == '__main__':
    main()
