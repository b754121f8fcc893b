"""What is published: the sdist and the wheel, what they carry, and a stranger's site that has nothing but the wheel."""
