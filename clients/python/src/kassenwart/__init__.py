"""Asyncio client for Kassenwart."""
