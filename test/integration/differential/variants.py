"""Services made from others, in a folder for AWS_DATA_PATH, for what the real ones do not show.

NAME-cbor: one that botocore speaks JSON with, although its model offers rpc-v2-cbor too. NAME-local: one whose rules lead away from the endpoint that a test gives (S3 Control
puts the account before its host, Sign-in has operations of another host; a token is for https only, a key-value store wants SigV4a); here they do not, and SigV4 signs.
"""
import json
import os

CBOR = "smithy-rpc-v2-cbor"
LOCAL = ("s3control", "signin", "codecatalyst", "account-access-runtime", "cloudfront-keyvaluestore")
LOCAL_RULES = {
    "version": "1.0",
    "parameters": {"Region": {"builtIn": "AWS::Region", "required": False, "type": "string"}, "Endpoint": {"builtIn": "SDK::Endpoint", "required": False, "type": "string"}},
    "rules": [{"conditions": [{"fn": "isSet", "argv": [{"ref": "Endpoint"}]}], "type": "endpoint", "endpoint": {"url": {"ref": "Endpoint"}, "headers": {}, "properties": {
        "authSchemes": [{"name": "sigv4", "signingRegion": "us-east-1"}]}}}, {"conditions": [], "type": "error", "error": "no endpoint"}],
}


def make(folder, loader):
    """Writes them below folder; returns their names."""
    made = []
    for service in loader.list_available_services("service-2"):
        model = loader.load_service_model(service, "service-2")
        protocols = model["metadata"].get("protocols", [])
        if CBOR in protocols and len(protocols) > 1:
            metadata = {**model["metadata"], "protocol": CBOR, "protocols": [CBOR]}
            made.append(write(folder, service + "-cbor", {**model, "metadata": metadata}, loader.load_service_model(service, "endpoint-rule-set-1"), pages_of(loader, service)))
        elif service in LOCAL:
            bearer = model["metadata"]["signatureVersion"] == "bearer"
            metadata = {**model["metadata"], **({"signatureVersion": "v4", "auth": ["aws.auth#sigv4"]} if bearer else {})}
            made.append(write(folder, service + "-local", {**model, "metadata": metadata}, LOCAL_RULES, pages_of(loader, service)))
        loader._cache.clear()  # pylint: disable=protected-access
    return made


def pages_of(loader, service):
    known = service in loader.list_available_services("paginators-1")
    return loader.load_service_model(service, "paginators-1") if known else {"pagination": {}}


def write(folder, name, model, rules, pages):
    place = os.path.join(folder, name, model["metadata"]["apiVersion"])
    os.makedirs(place)
    for part, data in (("service-2", model), ("endpoint-rule-set-1", rules), ("paginators-1", pages)):
        with open(os.path.join(place, part + ".json"), "w", encoding="utf-8") as file:
            json.dump(data, file)
    return name
