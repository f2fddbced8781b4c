"""Seconds and aware times for messages."""

from datetime import datetime, timedelta


def duration(seconds: float | None) -> timedelta | None:
    """Seconds as a duration; ValueError when negative."""
    if seconds is None:
        return None
    if seconds < 0:
        raise ValueError("a duration must not be negative")
    return timedelta(seconds=seconds)


def moment(time: datetime | None) -> datetime | None:
    """A time with a zone; ValueError when it has none, because it would be an hour or two off."""
    if time is not None and time.utcoffset() is None:
        raise ValueError("a time needs a zone, such as datetime.now(UTC)")
    return time
