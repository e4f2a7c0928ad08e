# %% right: a dictionary
def space(task):
    return {"a": "Z_rotation", "b": "Z_colour", "c": "Z_0", "d": "Z_rotation", "e": "Z_0", "f": "Z_colour"}[task]


# %% right: by the place of the letter
def space(task):
    names = ["Z_0", "Z_rotation", "Z_colour"]
    return names[[1, 2, 0, 1, 0, 2]["abcdef".index(task)]]


# %% right: match
def space(task):
    match task:
        case "a" | "d":
            return "Z_rotation"
        case "b" | "f":
            return "Z_colour"
        case _:
            return "Z_0"


# %% wrong: the space is named after what varies
def space(task):
    return {"a": "Z_colour", "b": "Z_rotation", "c": "Z_0", "d": "Z_colour", "e": "Z_0", "f": "Z_rotation"}[task]


# %% wrong: always the invariant space
def space(task):
    return "Z_0"


# %% wrong: an arrow's direction is forgotten
def space(task):
    return {"a": "Z_rotation", "b": "Z_colour", "c": "Z_0", "d": "Z_0", "e": "Z_0", "f": "Z_colour"}[task]


# %% wrong: bottles that drift need rotation
def space(task):
    return {"a": "Z_rotation", "b": "Z_colour", "c": "Z_0", "d": "Z_rotation", "e": "Z_0", "f": "Z_rotation"}[task]


# %% wrong: the coin under a lamp needs colour
def space(task):
    return {"a": "Z_rotation", "b": "Z_colour", "c": "Z_0", "d": "Z_rotation", "e": "Z_colour", "f": "Z_colour"}[task]


# %% wrong: the car needs both
def space(task):
    return {"a": "Z_rotation", "b": "Z_colour", "c": "Z_rotation", "d": "Z_rotation", "e": "Z_0", "f": "Z_colour"}[task]


# %% wrong: other names
def space(task):
    return {"a": "rotation", "b": "colour", "c": "0", "d": "rotation", "e": "0", "f": "colour"}[task]
