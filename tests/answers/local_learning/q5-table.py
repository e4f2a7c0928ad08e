# %% right: a table
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (False, True),
        "g": (False, True),
        "h": (False, False),
        "i": (False, True),
    }


# %% right: two strings of letters
def locality():
    space, time = "cde", "abcdfgi"
    return {key: (key in space, key in time) for key in "abcdefghi"}


# %% right: a dictionary filled step by step, lists as pairs
def locality():
    answers = {}
    for key in "abfgi":
        answers[key] = [False, True]
    answers["c"] = answers["d"] = [True, True]
    answers["e"] = [True, False]
    answers["h"] = [False, False]
    return answers


# %% wrong: backpropagation is local in space
def locality():
    return {
        "a": (True, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (False, True),
        "g": (False, True),
        "h": (False, False),
        "i": (False, True),
    }


# %% wrong: fixed feedback weights are local in space
def locality():
    return {
        "a": (False, True),
        "b": (True, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (False, True),
        "g": (False, True),
        "h": (False, False),
        "i": (False, True),
    }


# %% wrong: CLAPP is not local in space
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (False, True),
        "e": (True, False),
        "f": (False, True),
        "g": (False, True),
        "h": (False, False),
        "i": (False, True),
    }


# %% wrong: two glimpses at a time are not local in space
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (False, False),
        "f": (False, True),
        "g": (False, True),
        "h": (False, False),
        "i": (False, True),
    }


# %% wrong: half a cut is a cut
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (True, True),
        "g": (False, True),
        "h": (False, False),
        "i": (False, True),
    }


# %% wrong: one hinge at the top is local in space
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (False, True),
        "g": (False, True),
        "h": (False, False),
        "i": (True, True),
    }


# %% wrong: transposed weights are local in space
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (False, True),
        "g": (True, True),
        "h": (False, False),
        "i": (False, True),
    }


# %% wrong: one matrix for both directions is local in space
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (False, True),
        "g": (False, True),
        "h": (True, False),
        "i": (False, True),
    }


# %% wrong: labels have to be remembered
def locality():
    return {
        "a": (False, False),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (False, True),
        "g": (False, True),
        "h": (False, False),
        "i": (False, True),
    }


# %% wrong: feedback weights have to be remembered
def locality():
    return {
        "a": (False, True),
        "b": (False, False),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (False, True),
        "g": (False, True),
        "h": (False, False),
        "i": (False, True),
    }


# %% wrong: CLAPP is not local in time
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, False),
        "e": (True, False),
        "f": (False, True),
        "g": (False, True),
        "h": (False, False),
        "i": (False, True),
    }


# %% wrong: transposed weights are not local in time
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (False, True),
        "g": (False, False),
        "h": (False, False),
        "i": (False, True),
    }


# %% wrong: where the graph is cut counts for time
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (False, False),
        "g": (False, True),
        "h": (False, False),
        "i": (False, True),
    }


# %% wrong: end to end is not local in time
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (False, True),
        "g": (False, True),
        "h": (False, False),
        "i": (False, False),
    }


# %% wrong: two glimpses at once are local in time
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, True),
        "f": (False, True),
        "g": (False, True),
        "h": (False, False),
        "i": (False, True),
    }


# %% wrong: sixteen candidates are local in time
def locality():
    return {
        "a": (False, True),
        "b": (False, True),
        "c": (True, True),
        "d": (True, True),
        "e": (True, False),
        "f": (False, True),
        "g": (False, True),
        "h": (False, True),
        "i": (False, True),
    }


# %% wrong: all local
def locality():
    return {key: (True, True) for key in "abcdefghi"}


# %% wrong: space and time exchanged
def locality():
    space, time = "cde", "abcdfgi"
    return {key: (key in time, key in space) for key in "abcdefghi"}
