"""Every schema file of src/protocol/schema says what Apache Kafka's own schema of that message says."""

import dataclasses

import pytest

import kafka_schemas
from lib import broker as brokers
from lib import machine


@pytest.fixture(scope="module", autouse=True)
def needs_the_jars():
    if not (brokers.JARS / "pom.xml").exists():
        machine.missing("kafka-schemas", "Apache Kafka's jars are not in build/interop/jars")


def differences(ours, theirs, where):
    """Sentences about what differs between two fields or two messages."""
    for attribute in dataclasses.fields(theirs):
        mine, its = getattr(ours, attribute.name), getattr(theirs, attribute.name)
        if attribute.name == "fields":
            yield from differences_of_fields(mine, its, where)
        elif mine != its:
            yield f"{where}: {attribute.name} is {mine}, Kafka's is {its}"


def differences_of_fields(ours, theirs, where):
    names = [field.name for field in ours], [field.name for field in theirs]
    if names[0] != names[1]:
        yield f"{where}: fields are {names[0]}, Kafka's are {names[1]}"
        return
    for mine, its in zip(ours, theirs):
        yield from differences(mine, its, f"{where}.{its.name}")


@pytest.mark.parametrize("path", sorted({path for path, _ in kafka_schemas.our_messages()}))
def test_a_schema_file_says_what_kafka_says(path):
    messages = [message for its_path, message in kafka_schemas.our_messages() if its_path == path]
    for ours in messages:
        theirs = kafka_schemas.kafka_message(ours.name)
        assert theirs, f"{path}: Apache Kafka has no message {ours.name}"
        assert not list(differences(ours, theirs, ours.name))


def test_the_comparison_sees_every_kind_of_difference():
    """A schema that is changed in any one attribute of any one field is found out."""
    theirs = kafka_schemas.kafka_message("FetchResponse")
    assert not list(differences(theirs, theirs, ""))
    topics = next(field for field in theirs.fields if field.name == "responses")
    changes = dict(name="x", type="int8", is_array=True, versions=(5, 6), nullable=(4, 18), tag=9, tagged=(12, 13),
                   default="7", plain=True)
    assert set(changes) == {attribute.name for attribute in dataclasses.fields(topics)} - {"fields"}
    for attribute, value in changes.items():
        partitions = topics.fields[-1]
        index = dataclasses.replace(partitions.fields[0], **{attribute: value})
        changed = dataclasses.replace(partitions, fields=(index, *partitions.fields[1:]))
        changed = dataclasses.replace(topics, fields=(*topics.fields[:-1], changed))
        fields = tuple(changed if field is topics else field for field in theirs.fields)
        assert list(differences(dataclasses.replace(theirs, fields=fields), theirs, "")), attribute


def test_every_kind_of_kafkas_schemas_is_found():
    """None of the comparisons may be empty because a jar keeps its schemas elsewhere."""
    kinds = {schema["type"] for schema in kafka_schemas.kafka_texts().values()}
    assert kinds >= {"request", "response", "header", "data", "metadata", "coordinator-key", "coordinator-value"}
