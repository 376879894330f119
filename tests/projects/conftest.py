"""The projects are other projects: their tests run in processes of their own."""

collect_ignore = ["guests", "plain", "stock", "tokens"]
