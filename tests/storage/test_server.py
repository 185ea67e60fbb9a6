"""The server that the tests start where the system has none."""

from tests.postgres import Server


def test_a_server_from_a_wheel_is_as_good() -> None:
    with Server(system=False) as server:
        assert "pginstall" in str(server.programs)
        server.command("CREATE DATABASE news")
        server.stop()
        server.start()
        server.command("DROP DATABASE news")
