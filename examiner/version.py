"""The version of the package; raised when a score could change."""

VERSION = "0.1.0"
