from hub.concurrency.token_bucket import TokenBucket


def test_no_more_than_a_burst_is_taken_at_once():
    bucket = TokenBucket(per_second=20, burst=60)
    assert [bucket.take(1, now=0.0) for _ in range(61)] == [True] * 60 + [False]


def test_tokens_return_with_time():
    bucket = TokenBucket(per_second=2, burst=4)
    assert bucket.take(4, now=10.0)
    assert not bucket.take(1, now=10.4)
    assert bucket.take(1, now=10.5)


def test_a_long_wait_gives_no_more_than_one_burst():
    bucket = TokenBucket(per_second=1, burst=3)
    assert bucket.take(3, now=0.0)
    assert not bucket.take(4, now=1_000.0)
    assert bucket.take(3, now=1_000.0)
