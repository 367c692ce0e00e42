"""A worker that carries out one delivery and stops short of the commit, to be killed there: see test_kills.

python -m tests.races.doomed DATABASE DELIVERY OPENER_KEY
"""

import dataclasses
import sys
import time

import django


def main(database, delivery, opener_key):
    django.setup()
    from django.conf import settings
    from django.db import connection

    from procurement.common import events
    from procurement.common.models import Delivery

    connection.settings_dict["NAME"] = database
    settings.OPENER_KEY_FILE = opener_key
    consumer = events.consumers[Delivery.objects.get(pk=delivery).consumer]

    def handle_and_wait(event):
        consumer.handle(event)
        print("done, not committed", flush=True)
        time.sleep(120)

    events.consumers[consumer.name] = dataclasses.replace(consumer, handle=handle_and_wait)
    events.deliver(delivery_id=int(delivery))


if __name__ == "__main__":
    main(*sys.argv[1:])
