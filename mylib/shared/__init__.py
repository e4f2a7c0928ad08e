"""What several topics need and none owns."""

from mylib.shared.expect import expect, expect_choice, expect_range

__all__ = ["expect", "expect_choice", "expect_range"]
