# Attacks by texts that somebody reads. Headings: name | question | points that are honest.

# %% an error that sets the title of a terminal | q1-mean | 7
def mean(x):
    raise ValueError("\x1b]0;owned\x07\x1b[2Jcleared\x1b[31m red")


# %% an error whose name moves the cursor | q1-mean | 7
Kind = type("Bad\x1b[1A\x1b[2K\rGood", (Exception,), {})


def mean(x):
    raise Kind("hm\x9b31m\x85")


# %% an error that turns the line round | q1-mean | 7
def mean(x):
    raise ValueError("\u202edeneppah gnihton\u2066\u200b\ufeff")


# %% an error of a hundred thousand lines | q1-mean | 7
def mean(x):
    raise ValueError("line\r\n" * 100_000)


# %% an error that rings and backspaces | q1-mean | 7
def mean(x):
    raise RuntimeError("\x07\x08\x08\x7f\x00 nothing")


# %% an error that closes a table | q1-mean | 7
def mean(x):
    raise ValueError("expected a file in [/data], got none")


# %% an error in the mark-up of the table | q1-mean | 7
def mean(x):
    raise ValueError("[bold red]passed[/] [link=file:///etc/passwd]press[/link] [@click=app.quit]x[/] :warning:")


# %% an error that is a page | q1-mean | 7
def mean(x):
    raise ValueError("</pre></td></table><script>OWNED()</script><img src=x onerror=OWNED()>")


# %% an error that is a formula of a spreadsheet | q1-mean | 7
def mean(x):
    raise ValueError('=HYPERLINK("http://evil","press")')


# %% an error whose name is a formula | q1-mean | 7
Kind = type("=cmd|' /C calc'!A0", (Exception,), {})


def mean(x):
    raise Kind("@SUM(1+1)")


# %% an error that is a template | q1-mean | 7
def mean(x):
    raise ValueError("{{ 7*7 }} {% for x in y %} ${7*7} #{7*7} %(x)s {0.__class__}")


# %% an error in Markdown | q1-mean | 7
def mean(x):
    raise ValueError("](javascript:OWNED()) ![x](http://evil/x.png) <http://evil> `code` # head\n\n- list\n\n| a | b |")


# %% an error that is a comment of a page | q1-mean | 7
def mean(x):
    raise ValueError("--><script>OWNED()</script><!-- ]]> <![CDATA[ </title></style></textarea>")


# %% an error that is a formula of mathematics | q1-mean | 7
def mean(x):
    raise ValueError(r"$\href{javascript:OWNED()}{press}$ $$\require{html}\style{x}{y}$$ \(\unicode{x41}\)")


# %% an error that hides itself in a log | q1-mean | 7
def mean(x):
    raise ValueError("\r\x1b[K10 of 10 points\n\n\nada/sums: graded")
