"""Holds the JSON Schema to the reader: what the reader accepts it accepts, faults of structure it rejects."""

import json
import subprocess
import sys

import jsonschema


def main(dump: str, folder: str) -> int:
    """`dump SCHEMA` prints the schema; `dump FILE` prints {"json": the file's own tree, "sound": bool}."""
    schema = json.loads(subprocess.run([dump, "--schema"], check=True, capture_output=True).stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    listing = json.loads(subprocess.run([dump, "--files", folder], check=True, capture_output=True).stdout)
    wrong = 0
    for case in listing:
        accepted = validator.is_valid(case["tree"])
        if accepted != case["accept"]:
            wrong += 1
            reason = next((e.message for e in validator.iter_errors(case["tree"])), "")
            print(f"{case['file']}: schema {'accepts' if accepted else 'rejects'} it: {reason}")
    print(f"{len(listing)} files, {wrong} judged wrongly")
    return 1 if wrong or len(listing) < 20 else 0


sys.exit(main(sys.argv[1], sys.argv[2]))
