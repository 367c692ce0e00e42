"""The demo company's cast: an engineering group of our own invention, its people and its suppliers."""

from __future__ import annotations

from dataclasses import dataclass

from procurement.organization.models import Role


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who configures the system; decides nothing."""

    name: str
    email: str


PASSWORD = "valve-cable-pump-2026"  # of every demo log-in; production never loads this company
DOMAIN = "lanchuan.example"
ADMINISTRATOR = Administrator("高飞", f"gao@{DOMAIN}")


@dataclass(frozen=True, slots=True)
class Company:
    """A legal entity of the group."""

    code: str
    name: str
    name_en: str
    address: str


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of our side: `roles` hold in the whole group unless a company code follows an @."""

    key: str
    name: str
    title: str
    department: str
    manager: str
    roles: tuple[str, ...]
    language: str = "en"
    door: str = ""


@dataclass(frozen=True, slots=True)
class Vendor:
    """A supplier and its users (name, e-mail, role)."""

    key: str
    name: str
    name_en: str
    short: str
    region: str
    organisation_number: str
    categories: tuple[str, ...]
    users: tuple[tuple[str, str, str], ...]
    door: str = ""


COMPANIES = (
    Company("LC", "岚川工程集团有限公司", "Lanchuan Engineering Group", "上海市浦东新区博观路100号"),
    Company("DY", "岚川（东营）项目管理有限公司", "Lanchuan Dongying", "山东省东营市港城路8号"),
    Company("NB", "岚川宁波建设有限公司", "Lanchuan Ningbo", "浙江省宁波市镇海区海天路22号"),
)

DEPARTMENTS = (  # key, company, code, name, English name, head
    ("pur", "LC", "PUR", "集中采购中心", "Central Purchasing", "zhao"),
    ("fin", "LC", "FIN", "财务部", "Finance", "sun"),
    ("exe", "LC", "EXE", "管理层", "Executive office", "zhou"),
    ("eng", "LC", "ENG", "工程技术部", "Engineering", "han"),
    ("dyp", "DY", "PRJ", "东营项目部", "Dongying project", "ma"),
    ("nbc", "NB", "CON", "宁波施工部", "Ningbo construction", "xu"),
)

MEMBERS = (
    Member("lin", "林悦", "Procurement officer", "pur", "zhao", (Role.OFFICER, Role.OPENER), door="officer"),
    Member("wang", "王军", "Procurement officer", "pur", "zhao", (Role.OFFICER, Role.OPENER), door="officer"),
    Member(
        "zhao",
        "赵文博",
        "Category manager",
        "pur",
        "zhou",
        (Role.CATEGORY_MANAGER, Role.APPROVER),
        door="manager",
    ),
    Member(
        "sun",
        "孙丽华",
        "Head of finance",
        "fin",
        "zhou",
        (Role.FINANCE, Role.BUDGET_HOLDER, Role.OPENER),
        door="finance",
    ),
    Member("zhou", "周凯", "Vice president", "exe", "", (Role.APPROVER,), "zh-hans", door="executive"),
    Member(
        "han",
        "韩雪",
        "Head of engineering",
        "eng",
        "zhou",
        (Role.EVALUATOR, Role.REQUESTER),
        door="evaluator",
    ),
    Member("wu", "吴倩", "Contract manager", "pur", "zhao", (Role.CONTRACT_MANAGER,), door="contracts"),
    Member("ma", "马涛", "Head of the Dongying project", "dyp", "zhou", (Role.REQUESTER,), door="head"),
    Member(
        "he", "何明", "Site engineer", "dyp", "ma", (f"{Role.REQUESTER}@DY",), "zh-hans", door="requester"
    ),
    Member("xu", "许静", "Head of Ningbo construction", "nbc", "zhou", (Role.REQUESTER,)),
    Member("chen", "陈曦", "Materials planner", "nbc", "xu", (f"{Role.REQUESTER}@NB",), door="requester"),
    Member("zheng", "郑和平", "Auditor", "exe", "zhou", (Role.AUDITOR,), door="auditor"),
)

COST_OBJECTS = (  # company, cost centres, projects, delivery places
    (
        "DY",
        (("DY-R2", "二期改造", "Revamp phase 2"), ("DY-OPS", "运行维护", "Operations")),
        (("DYR", "东营改造项目", "Dongying revamp"),),
        (("DY-W1", "东营一号库", "Dongying store 1", "山东省东营市港城路8号"),),
    ),
    (
        "NB",
        (("NB-CIV", "土建工程", "Civil works"), ("NB-MEP", "机电安装", "MEP works")),
        (("NBH", "宁波港区项目", "Ningbo harbour"),),
        (("NB-W1", "镇海材料库", "Zhenhai store", "浙江省宁波市镇海区海天路22号"),),
    ),
    (
        "LC",
        (("LC-LAB", "中心化验室", "Central laboratory"), ("LC-IT", "信息化", "IT")),
        (),
        (("LC-HQ", "上海总部", "Shanghai headquarters", "上海市浦东新区博观路100号"),),
    ),
)

CATEGORIES = (  # code, name, English name, parent
    ("M", "设备材料", "Equipment and materials", ""),
    ("M-VAL", "阀门", "Valves", "M"),
    ("M-CAB", "电缆", "Cables", "M"),
    ("M-PMP", "泵", "Pumps", "M"),
    ("M-STL", "钢材", "Steel", "M"),
    ("W", "工程", "Works", ""),
    ("W-CIV", "土建", "Civil works", "W"),
    ("S", "服务与信息化", "Services and IT", ""),
    ("S-LAB", "化验耗材", "Laboratory supplies", "S"),
    ("S-IT", "信息设备", "IT equipment", "S"),
)

ITEMS = (  # code, category, name, English name, specification, unit, estimate
    ("V-1001", "M-VAL", "铸钢闸阀", "Cast steel gate valve", "Z41H-16C DN50", "C62", "382"),
    ("V-1002", "M-VAL", "铸钢闸阀", "Cast steel gate valve", "Z41H-16C DN80", "C62", "598"),
    ("V-1003", "M-VAL", "高压闸阀", "High pressure gate valve", "Z41H-40 DN100", "C62", "1610"),
    ("V-1004", "M-VAL", "截止阀", "Globe valve", "J41H-16C DN25", "C62", "171"),
    ("V-1005", "M-VAL", "安全阀", "Safety valve", "A42Y-16C DN50", "C62", "1380"),
    ("C-2001", "M-CAB", "动力电缆", "Power cable", "YJV 0.6/1 kV 4×25", "MTR", "78.5"),
    ("C-2002", "M-CAB", "控制电缆", "Control cable", "KVVP 7×1.5", "MTR", "14.2"),
    ("P-3001", "M-PMP", "离心泵", "Centrifugal pump", "IS 80-65-160", "C62", "4860"),
    ("T-4001", "M-STL", "无缝钢管", "Seamless steel pipe", "20# Φ108×6", "TNE", "5320"),
    ("L-5001", "S-LAB", "滤纸", "Filter paper", "Φ150 mm", "PK", "36"),
    ("I-6001", "S-IT", "工业交换机", "Industrial switch", "24 port, layer 2", "C62", "2980"),
)

VENDORS = (
    Vendor("jnlk", "江南流控阀门有限公司", "Jiangnan Flow Control", "江南流控", "江苏", "MA1JN0001", ("M-VAL",),
           (("沈嘉禾", "shen@jnlk.example", "admin"), ("陆远", "lu@jnlk.example", "signer")), door="supplier"),
    Vendor("taihe", "泰和泵阀制造有限公司", "Taihe Pumps & Valves", "泰和泵阀", "浙江", "MA2TH0002", ("M-VAL", "M-PMP"),
           (("方敏", "fang@taihe.example", "admin"),), door="supplier"),
    Vendor("beichen", "北辰阀门股份有限公司", "Beichen Valves", "北辰阀门", "天津", "MA3BC0003", ("M-VAL",),
           (("贺岩", "he@beichen.example", "admin"),)),
    Vendor("haoyu", "浩宇实业有限公司", "Haoyu Industrial", "浩宇实业", "山东", "MA4HY0004", ("M-VAL", "M-STL"),
           (("唐宁", "tang@haoyu.example", "admin"),)),
    Vendor("ruilan", "瑞澜电缆有限公司", "Ruilan Cable", "瑞澜电缆", "安徽", "MA5RL0005", ("M-CAB",),
           (("姚琪", "yao@ruilan.example", "admin"),)),
    Vendor("xinke", "新科电气有限公司", "Xinke Electric", "新科电气", "浙江", "MA6XK0006", ("M-CAB", "S-IT"),
           (("冯博", "feng@xinke.example", "admin"),)),
    Vendor("huaxin", "华信线缆有限公司", "Huaxin Wire", "华信线缆", "河北", "MA7HX0007", ("M-CAB",),
           (("邹颖", "zou@huaxin.example", "admin"),)),
)  # fmt: skip

RULES = (  # name, document type, from, below, stages: (position, approver, role)
    ("部门负责人审批 · Head of the department", "requisition", "0", None, ((1, "department_head", ""),)),
    (
        "五万元以上加预算负责人 · Budget holder from 50,000",
        "requisition",
        "50000",
        None,
        ((2, "role", Role.BUDGET_HOLDER),),
    ),
    ("询价发布审批 · RFQ from 100,000", "rfq", "100000", None, ((1, "role", Role.CATEGORY_MANAGER),)),
    ("授标审批 · Every award", "award", "0", None, ((1, "role", Role.CATEGORY_MANAGER),)),
    (
        "五十万元以上授标 · Awards from 500,000",
        "award",
        "500000",
        None,
        ((2, "role", Role.FINANCE), (2, "role", Role.APPROVER)),
    ),
    ("百万元以上合同 · Contracts from 1,000,000", "contract", "1000000", None, ((1, "role", Role.APPROVER),)),
)
