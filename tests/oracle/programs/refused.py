"""What calls say that are refused, as programs note it."""


def words(error):
    """The class and the first line of an error."""
    return "{}: {}".format(type(error).__name__, str(error).split("\n")[0])


def outcome(call):
    """What a call gives, or the words of what it raises."""
    try:
        return str(call())
    except Exception as error:  # what is refused is looked at, too
        return words(error)


def refusals(calls, accepted="accepted", words=words):
    """The words of what each call raises; `accepted` for one that is not refused."""
    found = []
    for call in calls:
        try:
            call()
            found.append(accepted)
        except (ValueError, TypeError, NotImplementedError, AttributeError) as error:
            found.append(words(error))
    return found
