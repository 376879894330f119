from hub.broadcast.layer import batches


def test_no_rows_make_no_batch():
    assert list(batches("p1", "e1", [])) == []
