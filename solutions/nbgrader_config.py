"""nbgrader's settings for this course: in this folder, `nbgrader generate_assignment 07-handshake`.

Submissions are looked for in submitted/ beside exercises/; marks go to autograded/ and feedback/.
"""

from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader puts it there)

c.CourseDirectory.root = str(Path(__file__).resolve().parent.parent)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
