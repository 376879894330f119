import hub
from hub.topics import person_topic

OPEN_TO_STAFF = {"desk", "metrics"}


class DeskPolicy(hub.Policy):
    """`news.*` is everybody's, the desk's topics are for staff, a user's own for that user."""

    def refusals(self, user, topics):
        refused = {}
        for topic in topics:
            if topic.startswith("news."):
                continue
            may = user is not None and user.is_active
            if topic in OPEN_TO_STAFF:
                may = may and user.is_staff
            else:
                may = may and topic == person_topic(user.pk)
            if not may:
                refused[topic] = "forbidden"
        return refused
