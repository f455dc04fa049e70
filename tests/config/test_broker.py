"""Work that was queued is done, whoever is killed meanwhile."""

import os
import signal
from pathlib import Path

import environ
import psycopg
import redis
from celery import Celery

from config import embedded
from config.broker import broker_at
from config.broker_options import broker_url
from config.postgres import postgres_at
from tests.worker import wait_until


def test_a_killed_broker_comes_back_with_what_was_queued(data):
    with data.user():
        place = broker_at(data.path)
        client = redis.Redis.from_url(place.url)
        client.delete("queue")
        client.rpush("queue", "task")
        process = client.info("server")["process_id"]
        os.kill(process, signal.SIGKILL)
        wait_until(place.answers)
        assert client.info("server")["process_id"] != process
        assert client.lrange("queue", 0, -1) == [b"task"]
    wait_until(data.stopped)
    with data.user():
        assert client.lrange("queue", 0, -1) == [b"task"]


def test_an_orphaned_broker_is_stopped_first(data):
    with data.user():
        client = redis.Redis.from_url(broker_at(data.path).url)
        client.delete("queue")
        client.rpush("queue", "task")
        program = Path(f"/proc/{client.info('server')['process_id']}/exe").readlink()
    wait_until(data.stopped)
    place = broker_at(data.path)
    orphan = data.python(
        "-c",
        "import os, sys; os.execv(sys.argv[1], sys.argv[1:])",
        *(str(program), "--port", "0", "--unixsocket", str(place.socket_path)),
        *("--dir", str(place.folder), "--appendonly", "yes", "--save", ""),
    )
    wait_until(place.answers)
    with data.user():
        assert orphan.wait(1) is not None
        assert client.lrange("queue", 0, -1) == [b"task"]
    orphan.communicate()


def test_addresses_are_understood_whatever_the_folder_is_called(empty):
    odd = empty.path / "共 济%25&?"
    place, database = broker_at(odd), environ.Env.db_url_config(postgres_at(odd).url())
    with empty.user(DATA_DIR=str(odd)):
        assert redis.Redis.from_url(place.url).ping()
        with Celery(broker=broker_url(place.url), set_as_current=False).connection() as connection:
            assert connection.default_channel.client.ping()
        assert (database["USER"], database["NAME"], database["HOST"]) == ("postgres", "postgres", "")
        psycopg.connect(postgres_at(odd).url()).close()
        psycopg.connect(user="postgres", dbname="postgres", **database["OPTIONS"]).close()
    wait_until(lambda: not embedded.is_kept("postgres", odd) and not embedded.is_kept("broker", odd))


def test_other_addresses_are_left_alone():
    assert broker_url("rediss://:secret@broker:6380/1") == "rediss://:secret@broker:6380/1"
