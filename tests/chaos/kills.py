"""Deaths at random moments: kill -9 of each part, and a Valkey that has forgotten everything."""

import threading
import time
from collections import Counter
from contextlib import suppress
from random import Random

import redis

from launcher.stack import Stack
from tests.chaos.aws import Aws
from tests.chaos.background import Background

PARTS = ("web", "worker", "postgres", "valkey", "sandbox")
FLUSH = "flush of valkey"
WAYS = (*PARTS, FLUSH)


class Kills(Background):
    """Each way once in each of `rounds`, in an order of its own. `pause` is the mean between two, in seconds.

    Not for ever: the supervisor waits longer and longer before it starts again what keeps dying, up to half a minute.
    """

    def __init__(
        self, stack: Stack, aws: Aws, aws_in_use: threading.Lock, dice: Random, pause: float, rounds: int
    ) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self._stack = stack
        self._redis = stack.environment["REDIS_URL"]
        self._aws, self._aws_in_use = aws, aws_in_use
        self._dice, self._pause, self._rounds = dice, pause, rounds

    def work(self) -> None:
        for _ in range(self._rounds):
            for way in self._dice.sample(WAYS, len(WAYS)):
                if self.ended.wait(self._dice.uniform(0.5, 1.5) * self._pause):
                    return
                self._do(way)
                self.counts[way] += 1

    def _do(self, way: str) -> None:
        if way == FLUSH:
            self._flush()
        elif way == "sandbox":
            # Not while a tenant is between its bus and its rule: AWS does not die, and the tenant could not go on.
            with self._aws_in_use:
                self._kill(way)
                self._aws.wait_until_back()
        else:
            self._kill(way)

    def _kill(self, part: str) -> None:
        while part not in self._stack.status["pids"]:  # it is dead already
            time.sleep(0.05)
        with suppress(ProcessLookupError):
            self._stack.kill(part)

    def _flush(self) -> None:
        while True:
            try:
                with redis.Redis.from_url(self._redis, socket_timeout=5) as valkey:
                    valkey.flushall()
                return
            except redis.RedisError:  # it is just being started again
                time.sleep(0.1)
