"""The demo company's cast: an engineering group of our own invention, its people and its suppliers."""

from __future__ import annotations

from dataclasses import dataclass

from procurement.organization.models import Role


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who configures the system and keeps it running; decides nothing."""

    name: str
    email: str
    title: str
    department: str


PASSWORD = "valve-cable-pump-2026"  # of every demo log-in; production never loads this company
DOMAIN = "lanchuan.example"
ADMINISTRATOR = Administrator("高飞", f"gao@{DOMAIN}", "系统管理员 System administrator", "inf")


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
    country: str = "CN"
    currency: str = "CNY"  # in which it bids


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a rule's chain: whom it asks, how many of them, until when."""

    approver: str
    position: int = 1
    role: str = ""
    group: str = ""
    mode: str = "one"
    needed: int | None = None
    levels: int | None = None
    remind_after: int | None = None
    limit: int | None = None
    overdue: str = "wait"


@dataclass(frozen=True, slots=True)
class Rule:
    """Which documents need whose approval."""

    name: str
    document_type: str
    steps: tuple[Step, ...]
    start: str = "0"
    below: str = ""
    category: str = ""
    tolerance: str = "0"


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
    ("dyo", "DY", "OPS", "东营运行部", "Dongying operations", "guo"),
    ("nbm", "NB", "MEP", "宁波机电部", "Ningbo MEP works", "tan"),
    ("lab", "LC", "LAB", "中心化验室", "Central laboratory", "qin"),
    ("inf", "LC", "IT", "信息部", "Information technology", "dong"),
)

MEMBERS = (
    Member(
        "lin",
        "林悦",
        "采购专员 Procurement officer",
        "pur",
        "zhao",
        (Role.OFFICER, Role.OPENER),
        door="officer",
    ),
    Member(
        "wang",
        "王军",
        "采购专员 Procurement officer",
        "pur",
        "zhao",
        (Role.OFFICER, Role.OPENER),
        door="officer",
    ),
    Member(
        "zhao",
        "赵文博",
        "品类经理 Category manager",
        "pur",
        "zhou",
        (Role.CATEGORY_MANAGER, Role.APPROVER),
        door="manager",
    ),
    Member(
        "sun",
        "孙丽华",
        "财务总监 Head of finance",
        "fin",
        "zhou",
        (Role.FINANCE, Role.BUDGET_HOLDER, Role.OPENER),
        door="finance",
    ),
    Member("zhou", "周凯", "副总裁 Vice president", "exe", "", (Role.APPROVER,), "zh-hans", door="executive"),
    Member(
        "han",
        "韩雪",
        "工程部经理 Head of engineering",
        "eng",
        "zhou",
        (Role.EVALUATOR, Role.REQUESTER),
        door="evaluator",
    ),
    Member(
        "wu", "吴倩", "合同经理 Contract manager", "pur", "zhao", (Role.CONTRACT_MANAGER,), door="contracts"
    ),
    Member(
        "ma",
        "马涛",
        "东营项目经理 Head of the Dongying project",
        "dyp",
        "zhou",
        (Role.REQUESTER,),
        door="head",
    ),
    Member(
        "he",
        "何明",
        "现场工程师 Site engineer",
        "dyp",
        "ma",
        (f"{Role.REQUESTER}@DY",),
        "zh-hans",
        door="requester",
    ),
    Member("xu", "许静", "宁波施工部经理 Head of Ningbo construction", "nbc", "zhou", (Role.REQUESTER,)),
    Member(
        "chen",
        "陈曦",
        "材料计划员 Materials planner",
        "nbc",
        "xu",
        (f"{Role.REQUESTER}@NB",),
        door="requester",
    ),
    Member("guo", "郭强", "东营运行部经理 Head of operations, Dongying", "dyo", "zhou", (Role.REQUESTER,)),
    Member("luo", "罗敏", "检修计划员 Maintenance planner", "dyo", "guo", (f"{Role.REQUESTER}@DY",)),
    Member("tan", "谭亮", "宁波机电部经理 Head of MEP works, Ningbo", "nbm", "zhou", (Role.REQUESTER,)),
    Member("bai", "白露", "电气工程师 Electrical engineer", "nbm", "tan", (f"{Role.REQUESTER}@NB",)),
    Member("qin", "秦岚", "化验室主任 Head of the laboratory", "lab", "zhou", (Role.REQUESTER,)),
    Member("song", "宋佳", "化验员 Chemist", "lab", "qin", (f"{Role.REQUESTER}@LC",)),
    Member("dong", "董磊", "信息部经理 Head of IT", "inf", "zhou", (Role.REQUESTER,)),
    Member("ye", "叶青", "系统工程师 Systems engineer", "inf", "dong", (f"{Role.REQUESTER}@LC",)),
    Member("zheng", "郑和平", "审计 Auditor", "exe", "zhou", (Role.AUDITOR,), door="auditor"),
)

COST_OBJECTS = (  # company, cost centres, projects, delivery places
    (
        "DY",
        (("DY-R2", "二期改造", "Revamp phase 2"), ("DY-OPS", "运行维护", "Operations")),
        (("DYR", "东营改造项目", "Dongying revamp"), ("DYT", "东营罐区扩建", "Dongying tank farm")),
        (("DY-W1", "东营一号库", "Dongying store 1", "山东省东营市港城路8号"),),
    ),
    (
        "NB",
        (("NB-CIV", "土建工程", "Civil works"), ("NB-MEP", "机电安装", "MEP works")),
        (("NBH", "宁波港区项目", "Ningbo harbour"), ("NBP", "北仑泵站", "Beilun pumping station")),
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
    ("C-2003", "M-CAB", "光缆", "Optical fibre cable", "GYTA53-24B1", "MTR", "9.6"),
    ("P-3002", "M-PMP", "计量泵", "Metering pump", "J-X 63/1.6", "C62", "8350"),
    ("P-3003", "M-PMP", "磁力泵", "Magnetic drive pump", "CQB 50-32-160", "C62", "6120"),
    ("T-4002", "M-STL", "H型钢", "H beam", "Q355B 300×300", "TNE", "4180"),
    ("T-4003", "M-STL", "中厚板", "Steel plate", "Q345R 16 mm", "TNE", "4460"),
    ("W-7001", "W-CIV", "设备基础混凝土", "Concrete of equipment foundations", "C35 P8", "MTQ", "1180"),
    ("W-7002", "W-CIV", "土方开挖及回填", "Excavation and backfill", "Class III soil", "MTQ", "58"),
    ("W-7003", "W-CIV", "厂区道路", "Plant road", "220 mm concrete", "MTK", "246"),
    ("L-5002", "S-LAB", "在线pH计", "Online pH meter", "0-14 pH, IP65", "C62", "5400"),
    ("L-5003", "S-LAB", "色谱柱", "Chromatography column", "C18, 250×4.6 mm", "C62", "3260"),
    ("I-6002", "S-IT", "工作站", "Workstation", "32 GB, 1 TB", "C62", "11800"),
    ("I-6003", "S-IT", "机架服务器", "Rack server", "2U, 2 × 16 core", "C62", "46800"),
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
           (("姚琪", "yao@ruilan.example", "admin"),), door="supplier"),
    Vendor("xinke", "新科电气有限公司", "Xinke Electric", "新科电气", "浙江", "MA6XK0006", ("M-CAB", "S-IT"),
           (("冯博", "feng@xinke.example", "admin"),)),
    Vendor("huaxin", "华信线缆有限公司", "Huaxin Wire", "华信线缆", "河北", "MA7HX0007", ("M-CAB",),
           (("邹颖", "zou@huaxin.example", "admin"),)),
    Vendor("haichuan", "海川泵业股份有限公司", "Haichuan Pumps", "海川泵业", "江苏", "MA8HC0008", ("M-PMP",),
           (("骆阳", "luo@haichuan.example", "admin"),)),
    Vendor("rhein", "Rheinpumpen GmbH", "Rheinpumpen GmbH", "Rheinpumpen", "Nordrhein-Westfalen", "HRB 70118", ("M-PMP",),
           (("Jonas Brandt", "brandt@rheinpumpen.example", "admin"),), country="DE", currency="EUR"),
    Vendor("yuantong", "远通钢铁贸易有限公司", "Yuantong Steel", "远通钢铁", "上海", "MA9YT0009", ("M-STL",),
           (("常宏", "chang@yuantong.example", "admin"),)),
    Vendor("henggu", "恒固钢构有限公司", "Henggu Structures", "恒固钢构", "山东", "MAAHG0010", ("M-STL",),
           (("杜娟", "du@henggu.example", "admin"),)),
    Vendor("donggang", "东港建设工程有限公司", "Donggang Construction", "东港建设", "山东", "MABDG0011", ("W-CIV",),
           (("彭立", "peng@donggang.example", "admin"),)),
    Vendor("panshi", "磐石土木工程有限公司", "Panshi Civil Works", "磐石土木", "浙江", "MACPK0012", ("W-CIV",),
           (("石磊", "shi@panshi.example", "admin"),)),
    Vendor("xinzhu", "新筑路桥有限公司", "Xinzhu Road & Bridge", "新筑路桥", "江苏", "MADXH0013", ("W-CIV",),
           (("汪洋", "wangy@xinzhu.example", "admin"),)),
    Vendor("boxi", "博析科学仪器有限公司", "Boxi Scientific", "博析科学", "北京", "MAEBX0014", ("S-LAB",),
           (("袁媛", "yuan@boxi.example", "admin"),)),
    Vendor("qingyuan", "清源试剂有限公司", "Qingyuan Reagents", "清源试剂", "上海", "MAFQY0015", ("S-LAB",),
           (("丁宁", "ding@qingyuan.example", "admin"),)),
    Vendor("labora", "Labora Instruments Inc.", "Labora Instruments Inc.", "Labora", "Ohio", "OH 2291807", ("S-LAB",),
           (("Dana Whitfield", "whitfield@labora.example", "admin"),), country="US", currency="USD"),
    Vendor("yunfeng", "云峰信息技术有限公司", "Yunfeng Information", "云峰信息", "广东", "MAGYF0016", ("S-IT",),
           (("蔡霖", "cai@yunfeng.example", "admin"),)),
    Vendor("zhilian", "智连网络科技有限公司", "Zhilian Networks", "智连网络", "浙江", "MAHHL0017", ("S-IT",),
           (("顾晓", "gu@zhilian.example", "admin"),)),
)  # fmt: skip

REQUESTS = {  # category → who asks for it, and for which cost centre and project
    "M-VAL": (("he", "DY-R2", "DYR"), ("luo", "DY-OPS", ""), ("chen", "NB-CIV", "NBH")),
    "M-CAB": (("bai", "NB-MEP", "NBP"), ("he", "DY-R2", "DYT"), ("chen", "NB-MEP", "NBH")),
    "M-PMP": (("luo", "DY-OPS", "DYT"), ("bai", "NB-MEP", "NBP")),
    "M-STL": (("chen", "NB-CIV", "NBH"), ("he", "DY-R2", "DYT")),
    "W-CIV": (("chen", "NB-CIV", "NBH"), ("he", "DY-R2", "DYT"), ("chen", "NB-CIV", "NBP")),
    "S-LAB": (("song", "LC-LAB", ""), ("luo", "DY-OPS", "")),
    "S-IT": (("ye", "LC-IT", ""), ("bai", "NB-MEP", "NBP")),
}

GROUPS = (("合同评审组 · Contract review", ("zhao", "sun", "zhou")),)
LIMITS = {
    "han": "300000",
    "ma": "300000",
    "xu": "300000",
    "dong": "100000",
}  # what each approves as a manager
RATES = {"EUR": "7.8", "USD": "7.2"}
BASE, MAIL_LINK_BELOW, FRESH_LOGIN_FROM = "CNY", "5000", "1000000"

RULES_NOTE = "首版规则 · First rules"
RULES = (
    Rule(
        "部门负责人审批 · Head of the department",
        "requisition",
        (Step("department_head", remind_after=2, limit=5),),
    ),
    Rule(
        "五万元以上加预算负责人 · Budget holder from 50,000",
        "requisition",
        (Step("role", role=Role.BUDGET_HOLDER, position=2, remind_after=2, limit=5),),
        start="50000",
    ),
    Rule(
        "信息设备逐级审批 · Managers for IT from 200,000",
        "requisition",
        (Step("manager_chain", position=1, levels=3, limit=10, overdue="escalate"),),
        start="200000",
        category="S-IT",
    ),
    Rule(
        "询价发布审批 · RFQ from 100,000",
        "rfq",
        (Step("role", role=Role.CATEGORY_MANAGER, remind_after=2, limit=5),),
        start="100000",
    ),
    Rule(
        "授标审批 · Every award",
        "award",
        (Step("role", role=Role.CATEGORY_MANAGER, remind_after=2, limit=5),),
        tolerance="2",
    ),
    Rule(
        "五十万元以上授标 · Awards from 500,000",
        "award",
        (Step("role", role=Role.FINANCE, position=2), Step("role", role=Role.APPROVER, position=2)),
        start="500000",
        tolerance="2",
    ),
    Rule(
        "百万元以上合同 · Contracts from 1,000,000",
        "contract",
        (Step("role", role=Role.APPROVER, remind_after=2, limit=10),),
        start="1000000",
        below="3000000",
    ),
    Rule(
        "三百万元以上合同评审 · Contract review from 3,000,000",
        "contract",
        (
            Step(
                "group",
                group=GROUPS[0][0],
                mode="quorum",
                needed=2,
                remind_after=2,
                limit=10,
                overdue="escalate",
            ),
        ),
        start="3000000",
    ),
)
