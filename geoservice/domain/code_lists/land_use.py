"""Codes of land use: the guide of 2023 and the standard of 2017, whose digits disagree."""

from geoservice.description.code_list import code_list
from geoservice.languages import Text

LAND_USE_2023 = code_list(
    "land_use_2023",
    Text(zh="用地用海分类（2023）", en="Land and sea use (2023 guide)"),
    "国土空间调查、规划、用途管制用地用海分类指南（2023）",
    """
    01 | 耕地 | cultivated land
    02 | 园地 | garden land
    03 | 林地 | forest land
    04 | 草地 | grassland
    05 | 湿地 | wetland
    06 | 农业设施建设用地 | agricultural facilities
    0601 | 农村道路 | rural roads | 06
    060101 | 村道用地 | village roads | 0601
    060102 | 田间道 | field roads | 0601
    0602 | 设施农用地 | facility agriculture | 06
    07 | 居住用地 | residential
    0701 | 城镇住宅用地 | urban housing | 07
    070101 | 一类城镇住宅用地 | urban housing, class 1 | 0701
    070102 | 二类城镇住宅用地 | urban housing, class 2 | 0701
    070103 | 三类城镇住宅用地 | urban housing, class 3 | 0701
    0702 | 城镇社区服务设施用地 | urban community services | 07
    0703 | 农村宅基地 | rural homesteads | 07
    070301 | 一类农村宅基地 | rural homesteads, class 1 | 0703
    070302 | 二类农村宅基地 | rural homesteads, class 2 | 0703
    0704 | 农村社区服务设施用地 | rural community services | 07
    08 | 公共管理与公共服务用地 | public administration and services
    0801 | 机关团体用地 | government | 08
    0802 | 科研用地 | research | 08
    0803 | 文化用地 | culture | 08
    080301 | 图书与展览用地 | libraries and exhibitions | 0803
    080302 | 文化活动用地 | cultural activities | 0803
    0804 | 教育用地 | education | 08
    080401 | 高等教育用地 | higher education | 0804
    080402 | 中等职业教育用地 | vocational education | 0804
    080403 | 中小学用地 | primary and secondary schools | 0804
    080404 | 幼儿园用地 | kindergartens | 0804
    080405 | 其他教育用地 | other education | 0804
    0805 | 体育用地 | sports | 08
    080501 | 体育场馆用地 | sports venues | 0805
    080502 | 体育训练用地 | sports training | 0805
    0806 | 医疗卫生用地 | health | 08
    080601 | 医院用地 | hospitals | 0806
    080602 | 基层医疗卫生设施用地 | primary care | 0806
    080603 | 公共卫生用地 | public health | 0806
    0807 | 社会福利用地 | welfare | 08
    080701 | 老年人社会福利用地 | welfare of the elderly | 0807
    080702 | 儿童社会福利用地 | welfare of children | 0807
    080703 | 残疾人社会福利用地 | welfare of the disabled | 0807
    080704 | 其他社会福利用地 | other welfare | 0807
    09 | 商业服务业用地 | commerce
    0901 | 商业用地 | retail | 09
    0902 | 商务金融用地 | business and finance | 09
    0903 | 娱乐用地 | entertainment | 09
    0904 | 其他商业服务业用地 | other commerce | 09
    10 | 工矿用地 | industry and mining
    1001 | 工业用地 | industry | 10
    1002 | 采矿用地 | mining | 10
    1003 | 盐田 | salt pans | 10
    11 | 仓储用地 | storage
    1101 | 物流仓储用地 | logistics | 11
    1102 | 储备库用地 | reserves storage | 11
    12 | 交通运输用地 | transport
    1201 | 铁路用地 | railways | 12
    1202 | 公路用地 | roads | 12
    1203 | 机场用地 | airports | 12
    1204 | 港口码头用地 | ports | 12
    1205 | 管道运输用地 | pipelines | 12
    1206 | 城市轨道交通用地 | urban rail | 12
    1207 | 城镇村道路用地 | streets | 12
    1208 | 交通场站用地 | stations | 12
    120801 | 对外交通场站用地 | long-distance stations | 1208
    120802 | 公共交通场站用地 | public transport stations | 1208
    120803 | 社会停车场用地 | public car parks | 1208
    1209 | 其他交通设施用地 | other transport | 12
    13 | 公用设施用地 | utilities
    14 | 绿地与开敞空间用地 | green and open space
    1401 | 公园绿地 | parks | 14
    1402 | 防护绿地 | protective green | 14
    1403 | 广场用地 | squares | 14
    15 | 特殊用地 | special use
    16 | 留白用地 | reserved
    17 | 陆地水域 | inland waters
    18 | 渔业用海 | sea: fishery
    19 | 工矿通信用海 | sea: industry, mining, communication
    20 | 交通运输用海 | sea: transport
    21 | 游憩用海 | sea: recreation
    22 | 特殊用海 | sea: special use
    23 | 其他土地 | other land
    24 | 其他海域 | other sea
    """,
)

LAND_USE_GBT21010 = code_list(
    "land_use_gbt21010_2017",
    Text(zh="土地利用现状分类（GB/T 21010-2017）", en="Current land use (GB/T 21010-2017)"),
    "GB/T 21010-2017 土地利用现状分类",
    """
    01 | 耕地 | cultivated land
    0101 | 水田 | paddy | 01
    0102 | 水浇地 | irrigated land | 01
    0103 | 旱地 | dry land | 01
    02 | 园地 | garden land
    03 | 林地 | forest land
    04 | 草地 | grassland
    05 | 商服用地 | commerce
    06 | 工矿仓储用地 | industry, mining and storage
    0601 | 工业用地 | industry | 06
    0602 | 采矿用地 | mining | 06
    0603 | 盐田 | salt pans | 06
    0604 | 仓储用地 | storage | 06
    07 | 住宅用地 | housing
    0701 | 城镇住宅用地 | urban housing | 07
    0702 | 农村宅基地 | rural homesteads | 07
    08 | 公共管理与公共服务用地 | public administration and services
    0801 | 机关团体用地 | government | 08
    0802 | 新闻出版用地 | press and publishing | 08
    0803 | 教育用地 | education | 08
    0804 | 科研用地 | research | 08
    0805 | 医疗卫生用地 | health | 08
    0806 | 社会福利用地 | welfare | 08
    0807 | 文化设施用地 | culture | 08
    0808 | 体育用地 | sports | 08
    0809 | 公用设施用地 | utilities | 08
    0810 | 公园与绿地 | parks and green | 08
    09 | 特殊用地 | special use
    10 | 交通运输用地 | transport
    1001 | 铁路用地 | railways | 10
    1002 | 轨道交通用地 | urban rail | 10
    1003 | 公路用地 | roads | 10
    1004 | 城镇村道路用地 | streets | 10
    1005 | 交通服务场站用地 | stations | 10
    1006 | 农村道路 | rural roads | 10
    11 | 水域及水利设施用地 | waters and hydraulic works
    12 | 其他土地 | other land
    1201 | 空闲地 | idle land | 12
    1202 | 设施农用地 | facility agriculture | 12
    1203 | 田坎 | field ridges | 12
    1204 | 盐碱地 | saline land | 12
    1205 | 沙地 | sand | 12
    1206 | 裸土地 | bare soil | 12
    1207 | 裸岩石砾地 | bare rock and gravel | 12
    """,
)
