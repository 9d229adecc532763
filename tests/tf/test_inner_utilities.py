"""`tensorflow.python.util` and `framework.registry` beyond what is public."""

from __future__ import annotations

import gc

import pytest

from tfmagic.tf import internal

identity = internal.module("tensorflow.python.util.object_identity")


class Thing:
    pass


def test_a_set_by_identity_takes_what_cannot_be_hashed():
    one, other = [1], [1]
    held = identity.ObjectIdentitySet([one, other, one])
    assert len(held) == 2
    assert one in held
    assert [1] not in held
    held.discard(one)
    assert [item is other for item in held] == [True]


def test_a_dict_by_identity_keeps_equal_keys_apart():
    one, other = [1], [1]
    table = identity.ObjectIdentityDictionary()
    table[one], table[other] = "one", "other"
    assert (table[one], table[other], len(table)) == ("one", "other", 2)
    with pytest.raises(KeyError):
        table[[1]]


@pytest.mark.parametrize("name", ["ObjectIdentityWeakSet", "ObjectIdentityWeakKeyDictionary"])
def test_weak_ones_forget_what_is_gone(name):
    thing, held = Thing(), getattr(identity, name)()
    held.add(thing) if name.endswith("Set") else held.__setitem__(thing, 1)
    assert len(held) == 1
    del thing
    gc.collect()
    assert len(held) == 0


def test_a_registry_takes_each_name_once():
    registry = internal.module("tensorflow.python.framework.registry").Registry("recipe")
    registry.register(3, "x")
    assert (registry.lookup("x"), registry.list()) == (3, ["x"])
    with pytest.raises(KeyError, match=r"Registering two recipe with name 'x'! \(Previous registration was in "
                                       r"test_a_registry_takes_each_name_once .*test_inner_utilities\.py:\d+\)"):
        registry.register(4, "x")
    with pytest.raises(LookupError, match="recipe registry has no entry for: y"):
        registry.lookup("y")


def test_groups_exclude_one_another():
    lock = internal.module("tensorflow.python.util.lock_util").GroupLock(2)
    with lock.group(0), lock.group(0):
        assert lock._counts == [2, 0]
    with pytest.raises(ValueError, match="group_id=5 should be between 0 and num_groups=2"):
        lock.acquire(5)
