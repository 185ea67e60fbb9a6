"""What is measured, each in a process of its own. A contender prepares first; only its work is measured."""
