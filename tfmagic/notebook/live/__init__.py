"""Drawings that answer: what a front end may ask about a graph while the kernel runs."""
