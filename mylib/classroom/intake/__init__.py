"""From the zip of a learning management system to notebooks that are safe to grade; executes nothing."""
