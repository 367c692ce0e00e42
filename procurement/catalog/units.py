"""Units of measure in use here, by UN/ECE Recommendation 20: code, Chinese, English, what people write in English."""

from __future__ import annotations

from typing import Any

UNITS: tuple[tuple[str, str, str, str], ...] = (
    # counted
    ("C62", "个", "one", "pc"),
    ("H87", "件", "piece", "pcs"),
    ("EA", "只", "each", ""),
    ("SET", "套", "set", ""),
    ("PR", "双", "pair", ""),
    ("KT", "组", "kit", ""),
    ("AY", "总成", "assembly", ""),
    ("DZN", "打", "dozen", "doz"),
    ("CEN", "百", "hundred", ""),
    ("MIL", "千", "thousand", ""),
    ("T3", "千件", "thousand piece", ""),
    ("ST", "张", "sheet", ""),
    ("RM", "令", "ream", ""),
    ("LEF", "页", "leaf", ""),
    # packed
    ("BX", "箱", "box", ""),
    ("CT", "纸箱", "carton", ""),
    ("PK", "包", "pack", ""),
    ("PA", "小包", "packet", ""),
    ("BG", "袋", "bag", ""),
    ("SA", "麻袋", "sack", ""),
    ("DR", "桶", "drum", ""),
    ("CA", "罐", "can", ""),
    ("BO", "瓶", "bottle", ""),
    ("CY", "气瓶", "cylinder", ""),
    ("TU", "支", "tube", ""),
    ("RO", "卷", "roll", ""),
    ("RL", "盘", "reel", ""),
    # weighed
    ("GRM", "克", "gram", "g"),
    ("KGM", "千克", "kilogram", "kg"),
    ("TNE", "吨", "tonne", "t"),
    ("LBR", "磅", "pound", "lb"),
    ("STN", "短吨", "ton (US)", ""),
    # long
    ("MMT", "毫米", "millimetre", "mm"),
    ("CMT", "厘米", "centimetre", "cm"),
    ("MTR", "米", "metre", "m"),
    ("LM", "延米", "linear metre", "lin. m"),
    ("KMT", "千米", "kilometre", "km"),
    ("INH", "英寸", "inch", "in"),
    ("FOT", "英尺", "foot", "ft"),
    ("LF", "延英尺", "linear foot", "lin. ft"),
    ("YRD", "码", "yard", "yd"),
    ("SMI", "英里", "mile", "mi"),
    # wide
    ("CMK", "平方厘米", "square centimetre", "cm²"),
    ("MTK", "平方米", "square metre", "m²"),
    ("HAR", "公顷", "hectare", "ha"),
    ("FTK", "平方英尺", "square foot", "ft²"),
    ("YDK", "平方码", "square yard", "yd²"),
    ("ACR", "英亩", "acre", ""),
    # holding
    ("MLT", "毫升", "millilitre", "ml"),
    ("LTR", "升", "litre", "l"),
    ("DMQ", "立方分米", "cubic decimetre", "dm³"),
    ("MTQ", "立方米", "cubic metre", "m³"),
    ("YDQ", "立方码", "cubic yard", "yd³"),
    ("GLL", "加仑", "gallon (US)", "gal"),
    # lasting
    ("MIN", "分钟", "minute", "min"),
    ("HUR", "小时", "hour", "h"),
    ("DAY", "天", "day", ""),
    ("E49", "工作日", "working day", ""),
    ("WEE", "周", "week", ""),
    ("MON", "月", "month", ""),
    ("ANN", "年", "year", ""),
    # done
    ("LS", "项", "lump sum", ""),
    ("LO", "批", "lot", ""),
    ("ACT", "活动", "activity", ""),
    ("E48", "次", "service unit", ""),
    ("E51", "工作", "job", ""),
    ("E54", "趟", "trip", ""),
    ("IE", "人", "person", ""),
    # powered
    ("KWT", "千瓦", "kilowatt", "kW"),
    ("KWH", "千瓦时", "kilowatt hour", "kWh"),
    ("MWH", "兆瓦时", "megawatt hour", "MWh"),
    ("KVA", "千伏安", "kilovolt-ampere", "kVA"),
    ("P1", "百分之", "percent", "%"),
)


def seed(unit: type[Any]) -> None:
    """Add the units that are missing; `unit` is the model, or a migration's picture of it."""
    unit._default_manager.bulk_create(
        (unit(code=code, name=name, name_en=english, symbol=symbol) for code, name, english, symbol in UNITS),
        ignore_conflicts=True,
    )
