"""Passwords in tests are not worth a fifth of a second each."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """The portal's own way of keeping passwords, which it also reads; once instead of a million times."""

    iterations = 1
