"""Test-time adaptation (TENT): a trained network makes itself surer of its answers, given nothing but test images."""
