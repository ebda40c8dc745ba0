"""Cochleagrams: envelopes of cochlear filters, by the recipe of McDermott and Simoncelli (2011).

The filters are those of pycochleagram in their usual setting: 16 kHz, 40 filters four times over, 20 Hz to
8 kHz, envelopes at 200 Hz, square root. Pure: numpy, and scipy's FFT.
"""
