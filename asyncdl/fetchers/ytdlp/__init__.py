"""Fetches spans of YouTube videos with yt-dlp's extractor and its networking, in long-lived children."""
