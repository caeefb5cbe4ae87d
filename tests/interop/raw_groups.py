"""The group chapter of the raw requests (raw_script.py): `groups(script)`.

Every group is made and left by the script itself, so that what is asked meets the same state in every version.
"""

from lib import wire
from raw_requests import UNKNOWN_ID, in_order, versions_of

MEMBERS = ("memberId", "leader")
GONE = "nobody-0000"
NAMES = {"": "empty", "x" * 300: "long", "a/b": "slash", "raw-unknown": "unknown"}


def nameless(answer):
    """Random ids of members become a word for them."""
    if isinstance(answer, list):
        return [nameless(one) for one in answer]
    if not isinstance(answer, dict):
        return answer
    return {key: "a member" if key in MEMBERS and one not in ("", None, GONE) else nameless(one)
            for key, one in answer.items()}


def join_fields(group, member="", **how):
    return {"groupId": group, "sessionTimeoutMs": 45000, "rebalanceTimeoutMs": 60000, "memberId": member,
            "groupInstanceId": None, "protocolType": "raw",
            "protocols": [{"name": "range", "metadata": b"about me"}]} | how


def member_of(script, group):
    """The only member of a classic group that is stable: (id, generation)."""
    member = script.ask("JoinGroup", 4, join_fields(group))["memberId"]
    generation = script.ask("JoinGroup", 4, join_fields(group, member))["generationId"]
    assert script.ask("SyncGroup", 3, {"groupId": group, "generationId": generation, "memberId": member, "assignments": [
        {"memberId": member, "assignment": b"yours"}]})["errorCode"] == 0
    return member, generation


def leave(script, group, member):
    assert script.ask("LeaveGroup", 1, {"groupId": group, "memberId": member})["errorCode"] == 0


def ready(script):
    """The coordinator answers: what Kafka says while it makes its topic is another matter."""
    for group in ("raw-classic", "raw-empty"):
        wire.until(lambda: script.ask("FindCoordinator", 1, {"key": group, "keyType": 0})["errorCode"], lambda code: code == 0)
        wire.until(lambda: script.ask("OffsetFetch", 5, {"groupId": group, "topics": None})["errorCode"],
                   lambda code: code == 0)


def tell_groups(script, topic):
    ready(script)
    find_coordinator(script)
    member, generation = member_of(script, "raw-classic")
    offsets(script, topic, member, generation)
    classic_members(script, member, generation)
    listings(script)
    deletions(script, topic)
    leave(script, "raw-classic", member)
    consumer_members(script)
    script.case("ListConfigResources.all", keep=in_order(configResources="resourceName"), resourceTypes=[])
    for kind in (0, 2, 16, 32, 99, -1):
        script.case(f"ListConfigResources.type_{kind}", (1, 1), keep=in_order(configResources="resourceName"),
                    resourceTypes=[kind])


def find_coordinator(script):
    for name, key in {"plain": "raw-classic", "empty": "", "long": "x" * 300}.items():
        script.case(f"FindCoordinator.{name}", (0, 3), key=key, keyType=0)
        script.case(f"FindCoordinator.{name}_in_v4", (4, 6), coordinatorKeys=[key], keyType=0)
    script.case("FindCoordinator.type_9", (1, 3), key="g", keyType=9)
    script.case("FindCoordinator.many", (4, 6), coordinatorKeys=["raw-a", "", "raw-a"], keyType=0)
    script.case("FindCoordinator.none", (4, 6), coordinatorKeys=[], keyType=0)


def committed(script, group, topic, partition=0, offset=5, metadata="m", member="", generation=-1, topic_id=None):
    return {"groupId": group, "generationIdOrMemberEpoch": generation, "memberId": member, "topics": [
        {"name": topic, "topicId": topic_id or UNKNOWN_ID, "partitions": [
            {"partitionIndex": partition, "committedOffset": offset, "committedMetadata": metadata}]}]}


def offsets(script, topic, member, generation):
    here = script.id_of(topic)

    def commit(name, group="raw-empty", where=topic, topic_id=here, **how):
        script.case(f"OffsetCommit.{name}", **committed(script, group, where, topic_id=topic_id, **how))

    commit("plain")
    commit("unknown_topic", where="nobody", topic_id=UNKNOWN_ID)
    for partition in (9, -1):
        commit(f"partition_{partition}", partition=partition)
    for offset in (-1, -5, 2**63 - 1):
        commit(f"offset_{offset}", group="raw-odd", offset=offset)
    commit("metadata_too_large", metadata="x" * 5000)
    commit("metadata_null", metadata=None)
    commit("no_group", group="")
    commit("unknown_member", member=GONE, generation=1)
    commit("generation_of_nobody", group="raw-unknown", generation=4)
    commit("member_of_nobody", group="raw-unknown", member=GONE, generation=4)
    commit("of_a_full_group_without_a_member", group="raw-classic")
    commit("stale", group="raw-classic", member=member, generation=generation - 1)
    commit("right", group="raw-classic", member=member, generation=generation)
    script.case("OffsetCommit.nothing", groupId="raw-empty", generationIdOrMemberEpoch=-1, memberId="", topics=[])

    partitions = {"partitionIndexes": [0, 1, 9, -1]}
    for group in ("raw-empty", "raw-classic", "raw-unknown", ""):
        word = group or "no-group"
        script.case(f"OffsetFetch.some_of_{word}", (1, 7), groupId=group, topics=[{"name": topic} | partitions])
        script.case(f"OffsetFetch.all_of_{word}", (2, 7), groupId=group, topics=None)
        asked = {"name": topic, "topicId": here} | partitions
        unknown = {"name": "nobody", "topicId": UNKNOWN_ID} | partitions
        script.case(f"OffsetFetch.groups_some_of_{word}", (8, 10), groups=[{"groupId": group, "topics": [asked, unknown]}])
        script.case(f"OffsetFetch.groups_all_of_{word}", (8, 10), groups=[{"groupId": group, "topics": None}])
    for name, named in {"partition_twice": [[0, 1, 0]], "topic_twice": [[0], [0]]}.items():
        by_name = [{"name": topic, "partitionIndexes": indexes} for indexes in named]
        script.case(f"OffsetFetch.{name}", (1, 7), groupId="raw-empty", topics=by_name)
        script.case(f"OffsetFetch.{name}", (8, 10), groups=[
            {"groupId": "raw-empty", "topics": [one | {"topicId": here} for one in by_name]}])
    script.case("OffsetFetch.two_groups", (8, 10), keep=in_order(groups="groupId"), groups=[
        {"groupId": "raw-empty", "topics": None}, {"groupId": "raw-unknown", "topics": None}])
    script.case("OffsetFetch.member_unknown", (9, 10), groups=[
        {"groupId": "raw-classic", "memberId": GONE, "memberEpoch": 3, "topics": None}])
    script.case("OffsetFetch.no_groups", (8, 10), groups=[])
    script.case("OffsetFetch.stable", (7, 7), groupId="raw-empty", topics=None, requireStable=True)


def classic_members(script, member, generation):
    def tell(name, versions=(0, 9), **how):
        script.case(f"JoinGroup.{name}", versions, keep=nameless, **how)

    for group, name in list(NAMES.items())[:1]:
        tell(f"group_{name}", **join_fields(group))
    tell("session_too_short", **join_fields("raw-join", sessionTimeoutMs=1))
    tell("session_too_long", **join_fields("raw-join", sessionTimeoutMs=2**31 - 1))
    tell("member_unknown", **join_fields("raw-classic", GONE))
    tell("member_unknown_of_no_group", **join_fields("raw-unknown", GONE))
    tell("no_protocols", **join_fields("raw-join", protocols=[]))
    tell("no_protocol_type", **join_fields("raw-join", protocolType=""))
    tell("other_protocol_type", **join_fields("raw-classic", protocolType="connect"))
    tell("other_protocols", **join_fields("raw-classic", protocols=[{"name": "mine", "metadata": b""}]))
    tell("member_id_required", (4, 9), **join_fields("raw-required"))

    for api, last, extra in (("Heartbeat", 4, {}), ("SyncGroup", 5, {"assignments": []})):
        for name, (group, who, when) in {
                "right": ("raw-classic", member, generation), "stale": ("raw-classic", member, generation - 1),
                "early": ("raw-classic", member, generation + 1), "unknown_member": ("raw-classic", GONE, generation),
                "no_member": ("raw-classic", "", generation), "unknown_group": ("raw-unknown", GONE, 1),
                "no_group": ("", GONE, 1)}.items():
            script.case(f"{api}.{name}", (0, last), keep=nameless, groupId=group, memberId=who, generationId=when, **extra)
        script.case(f"{api}.unknown_instance", (3, last), groupId="raw-classic", memberId=member, generationId=generation,
                    groupInstanceId="nobody", **extra)
    for name, protocol in {"other_protocol": ("raw", "mine"), "other_type": ("connect", "range")}.items():
        script.case(f"SyncGroup.{name}", (5, 5), groupId="raw-classic", memberId=member, generationId=generation,
                    protocolType=protocol[0], protocolName=protocol[1], assignments=[])

    for group in ("raw-classic", "raw-unknown", ""):
        word = group or "no-group"
        script.case(f"LeaveGroup.unknown_member_of_{word}", (0, 2), groupId=group, memberId=GONE)
        script.case(f"LeaveGroup.unknown_members_of_{word}", (3, 5), groupId=group, members=[
            {"memberId": GONE, "groupInstanceId": None}, {"memberId": "", "groupInstanceId": "nobody"}])
        script.case(f"LeaveGroup.nobody_of_{word}", (3, 5), groupId=group, members=[])


def listings(script):
    def keep(answer):
        described = in_order(groups="groupId")(nameless(answer))
        for group in described["groups"]:
            for one in group.get("members", []):
                one["clientHost"] = "a host"
        return described

    for name, groups in {"classic": ["raw-classic"], "empty_one": ["raw-empty"], "unknown": ["raw-unknown"], "none": [],
                         "no_name": [""], "twice": ["raw-empty", "raw-empty"]}.items():
        script.case(f"DescribeGroups.{name}", keep=keep, groups=groups)
        script.case(f"ConsumerGroupDescribe.{name}", keep=keep, groupIds=groups)
    script.case("DescribeGroups.operations", (3, 6), keep=keep, groups=["raw-empty"], includeAuthorizedOperations=True)

    # What a refused join leaves behind is another matter.
    def listed(answer):
        return in_order(groups="groupId")(answer | {"groups": [group for group in answer["groups"] if group["groupId"] != "raw-join"]})

    script.case("ListGroups.after_a_refused_join", keep=lambda answer: [
        group for group in answer["groups"] if group["groupId"] == "raw-join"])
    script.case("ListGroups.all", keep=listed)
    for name, states in {"empty": ["Empty"], "lower": ["stable"], "unknown": ["Nonsense"], "two": ["Empty", "Stable"],
                         "no_name": [""]}.items():
        script.case(f"ListGroups.state_{name}", (4, 5), keep=listed, statesFilter=states)
    for name, types in {"classic": ["classic"], "upper": ["CLASSIC"], "consumer": ["consumer"],
                        "unknown": ["nonsense"]}.items():
        script.case(f"ListGroups.type_{name}", (5, 5), keep=listed, typesFilter=types)


def deletions(script, topic):
    for name, where, partition in (("plain", topic, 0), ("unknown_topic", "nobody", 0), ("unknown_partition", topic, 9)):
        for group in ("raw-empty", "raw-classic", "raw-unknown", ""):
            script.case(f"OffsetDelete.{name}_of_{group or 'no-group'}", groupId=group, topics=[
                {"name": where, "partitions": [{"partitionIndex": partition}]}])
    for name, groups in {"unknown": ["raw-unknown"], "full": ["raw-classic"], "no_name": [""], "none": [], "twice": ["raw-unknown", "raw-unknown"]}.items():
        script.case(f"DeleteGroups.{name}", keep=in_order(results="groupId"), groupsNames=groups)
    for version in versions_of("DeleteGroups"):
        script.ask("OffsetCommit", 5, committed(script, "raw-deleted", topic))
        script.record("DeleteGroups.empty", version, script.ask("DeleteGroups", version, {"groupsNames": ["raw-deleted"]}))


def consumer_members(script):
    def tell(name, versions=(0, 1), **how):
        script.case(f"ConsumerGroupHeartbeat.{name}", versions, keep=nameless, **({
            "groupId": "raw-consumer", "memberId": "raw-member-id-aaaaaaaa", "memberEpoch": 0, "rebalanceTimeoutMs": 5000,
            "subscribedTopicNames": ["raw-requests"], "topicPartitions": []} | how))

    tell("no_group", groupId="")
    tell("no_member", (1, 1), memberId="")
    tell("no_timeout", rebalanceTimeoutMs=-1)
    tell("owns_something", topicPartitions=[{"topicId": UNKNOWN_ID, "partitions": [0]}])
    tell("owns_null", topicPartitions=None)
    tell("no_subscription", subscribedTopicNames=None)
    tell("instance_empty", instanceId="")
    tell("rack_empty", rackId="")
    tell("assignor_unknown", serverAssignor="nonsense")
    tell("assignor_empty", serverAssignor="")
    tell("epoch_-3", memberEpoch=-3)
    tell("static_leave_without_instance", memberEpoch=-2)
    tell("leaves_unknown", memberEpoch=-1, groupId="raw-unknown")
    tell("beats_unknown_group", memberEpoch=4, groupId="raw-unknown")
    tell("bad_expression", (1, 1), subscribedTopicNames=None, subscribedTopicRegex="(")
    tell("joins")
    tell("beats_unknown_member", memberEpoch=4, memberId=GONE)
    tell("epoch_ahead", memberEpoch=99)
    tell("leaves", (1, 1), memberEpoch=-1)
    for group in ("raw-consumer", "raw-empty"):
        script.case(f"ConsumerGroupDescribe.after_leaving_{group}", keep=in_order(groups="groupId"), groupIds=[group])
