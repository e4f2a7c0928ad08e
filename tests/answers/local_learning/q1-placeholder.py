# %% right: PLACEHOLDER, another style
def placeholder(x):
    return x

# %% wrong: PLACEHOLDER, what students really write
def placeholder(x):
    return -x
