import shutil

import pytest

from procurement.config.embedded_postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def local_dir(tmp_path_factory):
    """A `.local` of its own; as root its data lie elsewhere and are removed as well."""
    folder = tmp_path_factory.mktemp("local")
    yield folder
    server = EmbeddedPostgres(folder)
    assert server.wait_stopped(timeout=20), "a test left its server running"
    if server.as_root:
        shutil.rmtree(server.home, ignore_errors=True)


@pytest.fixture
def server(local_dir):
    server = EmbeddedPostgres(local_dir)
    yield server
    server.release()
