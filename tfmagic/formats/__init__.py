"""Bytes on the ground floor: codecs and files, which know neither graphs nor ops."""
