"""Every field of the structs that make a model is in packed.c's tables of fields: what is not there would be lost for embedded services."""
import re

import source
import tap

header = re.sub(r"/\*.*?\*/", " ", source.read("lib/model/model.h"), flags=re.S)
packed = re.sub(r"\s+", " ", source.read("lib/model/packed.c"))
# Not fields of their own in packed.c: shapes and rules are packed beside the model, a value's parts stand as value.type and so on.
ELSEWHERE = {"tcx_model": {"shapes", "n_shapes", "n_variants", "rules"}, "tcx_static_context": {"value"}}
PARTS = {"tcx_static_context": ("value", "tcx_rule_param_value")}


def fields(name):
    """The names that the struct's declarations declare."""
    body = re.search(r"struct " + name + r" \{(.*?)\};", header, re.S).group(1)
    found = []
    for declaration in body.split(";"):
        words = re.sub(r"\[[^\]]*\]", "", declaration).strip()
        if words:
            first, *rest = words.split(",")
            found += [re.search(r"(\w+)\s*$", part).group(1) for part in [first, *rest]]
    return found


structs = sorted(set(re.findall(r"(?:RECORD|TEXT|U8)\((tcx_\w+),", packed)))
tap.equal(structs, ["tcx_acceptor", "tcx_member", "tcx_model", "tcx_operation", "tcx_operation_context", "tcx_pagination", "tcx_shape", "tcx_static_context",
                    "tcx_waiter_model"], "the structs of a model are packed")
for struct in structs:
    named = set(re.findall(r"\(" + struct + r", (?:TCX__\w+, )?([\w.]+)", packed)) | set(re.findall(r"\(" + struct + r", (?:TCX__\w+, )?[\w.]+, ([\w.]+)", packed))
    declared = set(fields(struct)) - ELSEWHERE.get(struct, set())
    if struct in PARTS:
        part, of = PARTS[struct]
        declared |= {f"{part}.{name}" for name in fields(of)}
    tap.equal(sorted(declared - named), [], f"all {len(declared)} fields of {struct} are packed")
tap.done()
