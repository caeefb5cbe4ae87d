"""The checker of the crash tests notices what it is there for, on histories made by hand."""

from history import History, Value


def a(number, producer=0, partition=0):
    return Value(producer, partition, number)


def history(acknowledged=(), unanswered=()):
    made = History()
    for value in [*acknowledged, *unanswered]:
        made.attempt(value)
    for offset, value in enumerate(acknowledged):
        made.acknowledge(value, offset)
    return made


def read(*values):
    return {0: list(enumerate(values))}


def test_a_log_of_exactly_what_was_acknowledged_is_right():
    assert not history([a(1), a(2), a(3)]).check(read(a(1), a(2), a(3)))


def test_an_unanswered_record_may_be_there_or_not():
    made = history([a(1), a(2)], unanswered=[a(3)])
    assert not made.check(read(a(1), a(2)))
    assert not made.check(read(a(1), a(2), a(3)))


def test_two_producers_may_interleave():
    made = history([a(1), a(1, producer=1), a(2), a(2, producer=1)])
    assert not made.check(read(a(1), a(1, producer=1), a(2), a(2, producer=1)))


def test_an_acknowledged_record_that_is_gone_is_lost():
    assert history([a(1), a(2)]).check(read(a(1))).lost == [a(2)]


def test_a_hole_is_lost_and_what_follows_has_moved():
    findings = history([a(1), a(2), a(3)]).check({0: [(0, a(1)), (1, a(3))]})
    assert (findings.lost, findings.moved) == ([a(2)], [a(3)])


def test_a_partition_that_is_gone_is_lost():
    assert history([a(1)]).check({}).lost == [a(1)]


def test_a_record_read_twice_is_duplicated():
    findings = history([a(1), a(2)]).check(read(a(1), a(2), a(2)))
    assert findings.duplicated == [a(2)] and not findings.reordered


def test_an_unanswered_record_read_twice_is_duplicated():
    assert history([], unanswered=[a(1)]).check(read(a(1), a(1))).duplicated == [a(1)]


def test_a_late_retry_is_duplicated_even_behind_other_records():
    assert history([a(1), a(2)]).check(read(a(1), a(2), a(1))).duplicated == [a(1)]


def test_a_record_after_a_later_one_is_reordered():
    made = history([], unanswered=[a(1), a(2)])
    assert made.check(read(a(2), a(1))).reordered == [a(1)]


def test_a_record_at_another_offset_than_acknowledged_has_moved():
    assert history([a(1)]).check({0: [(7, a(1))]}).moved == [a(1)]


def test_a_record_nobody_sent_is_a_ghost():
    assert history([a(1)]).check(read(a(1), a(9))).ghosts == [a(9)]


def test_a_record_in_another_partition_is_a_ghost():
    stray = a(1, partition=1)
    assert history([], unanswered=[stray]).check(read(stray)).ghosts == [stray]
