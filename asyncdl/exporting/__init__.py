"""What all data set formats share: the table of clips, decoding, shards that resume, receipts, the card."""
