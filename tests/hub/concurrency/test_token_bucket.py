from hub.concurrency.token_bucket import TokenBucket


def test_a_burst_is_taken_at_once_and_no_more():
    rate = TokenBucket(per_second=20, burst=60)
    assert [rate.take(1, now=0.0) for _ in range(61)] == [True] * 60 + [False]


def test_tokens_grow_again_with_time():
    rate = TokenBucket(per_second=2, burst=4)
    assert rate.take(4, now=10.0)
    assert not rate.take(1, now=10.4)
    assert rate.take(1, now=10.5)


def test_waiting_long_gives_one_burst_not_more():
    rate = TokenBucket(per_second=1, burst=3)
    assert rate.take(3, now=0.0)
    assert not rate.take(4, now=1_000.0)
    assert rate.take(3, now=1_000.0)
