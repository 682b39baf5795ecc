"""The channels of a stack as they are kept: a SecureString of Parameter Store each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import boto3

from paperboy.announcements.channel import Channel, ChannelError, read_channel

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def read_channels(
    folder: str, on_unreadable: Callable[[str, str], object], client: SSMClient | None = None
) -> dict[str, Channel]:
    """The channels below a `folder` of Parameter Store such as ``/paperboy/channels``, by their names.

    One that cannot be read costs itself: `on_unreadable` is told its name, and why.
    """
    ssm = client or boto3.client("ssm")
    channels = {}
    for page in ssm.get_paginator("get_parameters_by_path").paginate(Path=folder, WithDecryption=True):
        for parameter in page["Parameters"]:
            name = parameter["Name"].rpartition("/")[2]
            try:
                channels[name] = read_channel(parameter["Value"])
            except ChannelError as error:
                on_unreadable(name, str(error))
    return channels
