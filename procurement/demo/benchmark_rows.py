"""Very many rows for the benchmarks, written by the database itself."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from procurement.accounts.models import User
from procurement.demo.troupe import Troupe

# Rows are told apart by arithmetic on their number, so that every run has the same ones.
SUPPLIERS = """
    INSERT INTO registry_supplier
        (public_id, name, name_en, short_name, registration_scheme, registration_id, country, region, address, phone,
         website, tax_number, bank_name, bank_account, bank_holder, legal_representative, status, status_reason,
         is_guest, notes, edit_version, created_at)
    SELECT gen_random_uuid(),
        place.name || word.name || number || ware.name || (ARRAY['有限公司', '厂', '集团', '股份有限公司'])[1 + number %% 4],
        place.name_en || ' ' || word.name_en || ' ' || number || ' ' || ware.name_en, word.name, 'BENCH-ROW',
        'B' || number, 'CN', place.name, '', '', '', '', '', '', '', '', 'active', '', false, '', 1, now()
    FROM generate_series(1, %s) AS number
    JOIN unnest(%s::text[], %s::text[]) WITH ORDINALITY AS place(name, name_en, key) ON place.key = 1 + number %% 23
    JOIN unnest(%s::text[], %s::text[]) WITH ORDINALITY AS word(name, name_en, key) ON word.key = 1 + (number / 23) %% 19
    JOIN unnest(%s::text[], %s::text[]) WITH ORDINALITY AS ware(name, name_en, key) ON ware.key = 1 + (number / 437) %% 17
"""
PLACES = (
    "北京 上海 天津 重庆 东营 宁波 无锡 苏州 杭州 济南 青岛 大连 沈阳 武汉 长沙 成都 西安 郑州 合肥 福州 厦门 佛山 温州",
    "Beijing Shanghai Tianjin Chongqing Dongying Ningbo Wuxi Suzhou Hangzhou Jinan Qingdao Dalian Shenyang Wuhan Changsha "
    "Chengdu Xian Zhengzhou Hefei Fuzhou Xiamen Foshan Wenzhou",
)
WORDS = (
    "鲁泰 恒通 宏远 金鼎 瑞丰 华盛 中科 天宇 海川 正大 永兴 同力 新源 盛达 博远 龙腾 东方 长城 泰和",
    "Lutai Hengtong Hongyuan Jinding Ruifeng Huasheng Zhongke Tianyu Haichuan Zhengda Yongxing Tongli Xinyuan Shengda "
    "Boyuan Longteng Dongfang Changcheng Taihe",
)
WARES = (
    "阀门 电缆 水泵 轴承 钢管 法兰 仪表 电机 紧固件 密封件 变压器 压缩机 换热器 过滤器 传感器 齿轮箱 起重机",
    "Valves Cable Pumps Bearings Tubes Flanges Instruments Motors Fasteners Seals Transformers Compressors Exchangers Filters "
    "Sensors Gearboxes Cranes",
)
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'registry_supplier' AND indexdef LIKE '%USING gin%'"

CASES = """
    WITH made AS (
        INSERT INTO approvals_approvalcase
            (document_type, document_id, round, title, number, requester_id, company_id, department_id, amount, currency,
             document_hash, facts, banned, tolerance, answer, status, submitted_at, decided_at)
        SELECT 'requisition', 1000000000 + number, 1, 'Valves ' || number, 'PR-' || number, %(requester)s, %(company)s,
            %(department)s, number %% 100000, 'CNY', repeat('a', 64), '{}', '{}', 0, '',
            CASE WHEN number <= %(open)s THEN 'pending' ELSE 'approved' END,
            %(at)s::timestamptz - number * interval '1 second',
            CASE WHEN number <= %(open)s THEN NULL ELSE %(at)s::timestamptz END
        FROM generate_series(1, %(cases)s) AS number
        RETURNING id, status, submitted_at
    )
    INSERT INTO approvals_approvalstep
        (case_id, requester_id, stage, position, "group", needed, mode, overdue, door, approver_id, reason, asked_as, status,
         active_since, decided_by_id, decided_at, comment, document_hash)
    SELECT made.id, %(requester)s, stage, 1, 1, 1, 'one', 'wait', 'page', asked.id, 'Benchmark', 'role', CASE WHEN asked.is_open THEN 'active' ELSE 'approved' END,
        made.submitted_at, CASE WHEN asked.is_open THEN NULL ELSE asked.id END,
        CASE WHEN asked.is_open THEN NULL ELSE made.submitted_at END, '', CASE WHEN asked.is_open THEN '' ELSE repeat('a', 64) END
    FROM made CROSS JOIN generate_series(1, %(stages)s) AS stage
    CROSS JOIN LATERAL (
        SELECT made.status = 'pending' AND stage = %(stages)s AS is_open,
            CASE WHEN stage = %(stages)s AND made.id %% 2 = 0 THEN %(approver)s ELSE %(other)s END AS id
    ) AS asked
"""
STAGES = 4


def suppliers(count: int) -> None:
    """So many companies with names in both languages; the indexes of searches are made when the rows are there."""
    lists = [text.split() for pair in (PLACES, WORDS, WARES) for text in pair]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute(SUPPLIERS, [count, *lists])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for _name, definition in indexes:
            cursor.execute(definition)
    _know("registry_supplier")


def approval_steps(troupe: Troupe, *, steps: int, still_open: int, approver: User, at: datetime) -> None:
    """So many steps in cases of four, of which so many wait; every other one for this person."""
    values: dict[str, int | datetime] = {
        "requester": troupe.users["requester"].pk,
        "company": troupe.company.pk,
        "department": troupe.department.pk,
        "approver": approver.pk,
        "other": troupe.users["finance"].pk,
        "cases": max(1, steps // STAGES),
        "open": still_open,
        "stages": STAGES,
        "at": at,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CASES, values)
    _know("approvals_approvalcase", "approvals_approvalstep")


def _know(*tables: str) -> None:
    """What autovacuum would do in a while."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE {table}")
