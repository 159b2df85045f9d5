"""foundation.

Revises:
"""

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("actor", sa.Text(), nullable=False, comment="who"),
        sa.Column("door", sa.Text(), nullable=False, comment="through which door"),
        sa.Column("reason", sa.Text(), nullable=True, comment="why"),
        sa.Column("import_id", sa.UUID(), nullable=True, comment="the import that made it"),
        sa.PrimaryKeyConstraint("id", name=op.f("changes_pkey")),
        schema="geoservice",
        comment="every transaction that changed a collection",
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False, comment="checked, committed or refused"),
        sa.Column(
            "report",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="how it was read, counts, issues",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("imports_pkey")),
        schema="geoservice",
        comment="every file that was offered, how it was read, and what became of it",
    )
    op.create_table(
        "published_collections",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("description", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "published_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("published_collections_pkey")),
        schema="geoservice",
        comment="descriptions of the collections made from files",
    )
    op.create_table(
        "code_lists",
        sa.Column("uid", sa.UUID(), server_default=sa.text("geoservice.uuid7()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "change_id",
            sa.BigInteger(),
            server_default=sa.text("geoservice.current_change()"),
            nullable=False,
        ),
        sa.Column("code_set", sa.Text(), nullable=False, comment="代码表"),
        sa.Column("code_set_title_zh", sa.Text(), nullable=False, comment="代码表名称（中文）"),
        sa.Column("code_set_title_en", sa.Text(), nullable=False, comment="代码表名称（英文）"),
        sa.Column("code", sa.Text(), nullable=False, comment="代码"),
        sa.Column("name_zh", sa.Text(), nullable=False, comment="中文名称"),
        sa.Column("name_en", sa.Text(), nullable=False, comment="英文名称"),
        sa.Column("parent", sa.Text(), nullable=True, comment="上级代码"),
        sa.Column("position", sa.Integer(), nullable=False, comment="次序"),
        sa.Column("source", sa.Text(), nullable=False, comment="依据"),
        sa.PrimaryKeyConstraint("uid", name=op.f("code_lists_pkey")),
        schema="registers",
        comment="代码表",
    )
    op.create_index(
        "code_lists_key", "code_lists", ["code_set", "code"], unique=True, schema="registers"
    )
    op.create_table(
        "code_lists_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("code_set", sa.Text(), nullable=True),
        sa.Column("code_set_title_zh", sa.Text(), nullable=True),
        sa.Column("code_set_title_en", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name_zh", sa.Text(), nullable=True),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')", name=op.f("code_lists_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("code_lists_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("code_lists_history_pkey")),
        schema="registers",
        comment="代码表：历史版本",
    )
    op.create_table(
        "facilities",
        sa.Column("uid", sa.UUID(), server_default=sa.text("geoservice.uuid7()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "change_id",
            sa.BigInteger(),
            server_default=sa.text("geoservice.current_change()"),
            nullable=False,
        ),
        sa.Column("facility_no", sa.Text(), nullable=False, comment="设施编号"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称"),
        sa.Column("name_en", sa.Text(), nullable=True, comment="英文名称"),
        sa.Column("kind", sa.Text(), nullable=False, comment="类别"),
        sa.Column("is_public", sa.Boolean(), nullable=True, comment="公办"),
        sa.Column("capacity", sa.Integer(), nullable=True, comment="容量"),
        sa.Column("status", sa.Text(), nullable=False, comment="状态"),
        sa.Column("opened_on", sa.Date(), nullable=True, comment="启用日期"),
        sa.Column("closed_on", sa.Date(), nullable=True, comment="停用日期"),
        sa.Column("town_code", sa.Text(), nullable=True, comment="所在镇街代码"),
        sa.Column("address", sa.Text(), nullable=True, comment="地址"),
        sa.Column("location_accuracy_m", sa.Double(), nullable=True, comment="定位精度"),
        sa.Column(
            "entrance",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="出入口",
        ),
        sa.Column(
            "campus",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="用地范围",
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.CheckConstraint('"capacity" >= 0', name=op.f("facilities_capacity_minimum_check")),
        sa.CheckConstraint(
            "\"kind\" IN ('education', 'kindergarten', 'primary_school', 'junior_school', 'nine_year_school', 'senior_school', 'vocational_school', 'university', 'health', 'hospital', 'primary_care', 'welfare', 'elderly_care', 'child_welfare', 'transport', 'station', 'bus_station', 'car_park', 'shelter', 'other')",
            name=op.f("facilities_kind_code_check"),
        ),
        sa.CheckConstraint(
            "\"location_accuracy_m\" > '-Infinity' AND \"location_accuracy_m\" < 'Infinity'",
            name=op.f("facilities_location_accuracy_m_finite_check"),
        ),
        sa.CheckConstraint(
            '"location_accuracy_m" >= 0', name=op.f("facilities_location_accuracy_m_minimum_check")
        ),
        sa.CheckConstraint(
            '"opened_on" <= "closed_on"', name=op.f("facilities_opened_on_closed_on_order_check")
        ),
        sa.CheckConstraint(
            "\"status\" IN ('planned', 'under_construction', 'operating', 'closed')",
            name=op.f("facilities_status_code_check"),
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("campus") AND ST_XMin("campus") >= -180 AND ST_XMax("campus") <= 180 AND ST_YMin("campus") >= -90 AND ST_YMax("campus") <= 90 AND ST_IsValid("campus")',
            name=op.f("facilities_campus_storable_check"),
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("entrance") AND ST_XMin("entrance") >= -180 AND ST_XMax("entrance") <= 180 AND ST_YMin("entrance") >= -90 AND ST_YMax("entrance") <= 90 AND ST_IsValid("entrance")',
            name=op.f("facilities_entrance_storable_check"),
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("facilities_geom_storable_check"),
        ),
        sa.CheckConstraint(
            'char_length("address") <= 400', name=op.f("facilities_address_length_check")
        ),
        sa.CheckConstraint(
            'char_length("facility_no") <= 60', name=op.f("facilities_facility_no_length_check")
        ),
        sa.CheckConstraint('char_length("name") <= 200', name=op.f("facilities_name_length_check")),
        sa.CheckConstraint(
            'char_length("name_en") <= 200', name=op.f("facilities_name_en_length_check")
        ),
        sa.CheckConstraint(
            'char_length("town_code") <= 12', name=op.f("facilities_town_code_length_check")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("facilities_pkey")),
        schema="registers",
        comment="公共服务设施",
    )
    op.create_index(
        "facilities_best_gist",
        "facilities",
        [sa.literal_column("coalesce(campus, geom)")],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "facilities_campus_gist",
        "facilities",
        ["campus"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "facilities_entrance_gist",
        "facilities",
        ["entrance"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "facilities_geom_gist",
        "facilities",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "facilities_key", "facilities", ["facility_no"], unique=True, schema="registers"
    )
    op.create_index(
        "facilities_town_code_idx",
        "facilities",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "facilities_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("facility_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("location_accuracy_m", sa.Double(), nullable=True),
        sa.Column(
            "entrance",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "campus",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')", name=op.f("facilities_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("facilities_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("facilities_history_pkey")),
        schema="registers",
        comment="公共服务设施：历史版本",
    )
    op.create_index(
        "facilities_history_geom_gist",
        "facilities_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "hazard_assessments_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("hazard_site", sa.UUID(), nullable=True),
        sa.Column("assessed_on", sa.Date(), nullable=True),
        sa.Column("inspection", sa.Text(), nullable=True),
        sa.Column("threatened_people", sa.Integer(), nullable=True),
        sa.Column("threatened_households", sa.Integer(), nullable=True),
        sa.Column("threatened_buildings", sa.Integer(), nullable=True),
        sa.Column("threatened_assets_wan", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("threat_objects", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("threat_grade_declared", sa.Text(), nullable=True),
        sa.Column("size_grade", sa.Text(), nullable=True),
        sa.Column("risk_level", sa.Text(), nullable=True),
        sa.Column("stability", sa.Text(), nullable=True),
        sa.Column("assessor", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')",
            name=op.f("hazard_assessments_history_operation_check"),
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("hazard_assessments_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("hazard_assessments_history_pkey")),
        schema="registers",
        comment="地质灾害点评估记录：历史版本",
    )
    op.create_table(
        "hazard_sites",
        sa.Column("uid", sa.UUID(), server_default=sa.text("geoservice.uuid7()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "change_id",
            sa.BigInteger(),
            server_default=sa.text("geoservice.current_change()"),
            nullable=False,
        ),
        sa.Column("site_no", sa.Text(), nullable=False, comment="统一编号"),
        sa.Column(
            "site_no_scheme",
            sa.Text(),
            server_default=sa.text("'national_12'"),
            nullable=False,
            comment="编码规则",
        ),
        sa.Column("field_no", sa.Text(), nullable=True, comment="野外编号"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称"),
        sa.Column("register_kind", sa.Text(), nullable=False, comment="登记类别"),
        sa.Column("is_cut_slope_housing", sa.Boolean(), nullable=True, comment="削坡建房"),
        sa.Column(
            "type_set",
            sa.Text(),
            server_default=sa.text("'hazard_type_a'"),
            nullable=False,
            comment="灾害类型代码表",
        ),
        sa.Column("type_code", sa.Text(), nullable=False, comment="灾害类型"),
        sa.Column("triggers", postgresql.ARRAY(sa.Text()), nullable=True, comment="诱发因素"),
        sa.Column("plan_level", sa.Text(), nullable=True, comment="预案级别"),
        sa.Column("town_code", sa.Text(), nullable=True, comment="所在镇街代码"),
        sa.Column("village_code", sa.Text(), nullable=True, comment="所在村代码"),
        sa.Column("address", sa.Text(), nullable=True, comment="地理位置"),
        sa.Column("location_accuracy_m", sa.Double(), nullable=True, comment="定位精度"),
        sa.Column(
            "location_method",
            sa.Text(),
            server_default=sa.text("'unknown'"),
            nullable=False,
            comment="定位方式",
        ),
        sa.Column(
            "footprint",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="灾害体范围",
        ),
        sa.Column(
            "influence_zone",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="影响范围",
        ),
        sa.Column(
            "influence_basis",
            sa.Text(),
            server_default=sa.text("'none'"),
            nullable=False,
            comment="影响范围依据",
        ),
        sa.Column("slope_height_m", sa.Double(), nullable=True, comment="坡高"),
        sa.Column("slope_angle_deg", sa.Double(), nullable=True, comment="坡度"),
        sa.Column("width_m", sa.Double(), nullable=True, comment="宽"),
        sa.Column("length_m", sa.Double(), nullable=True, comment="长"),
        sa.Column("volume_m3", sa.Double(), nullable=True, comment="体积"),
        sa.Column("discovered_on", sa.Date(), nullable=True, comment="发现日期"),
        sa.Column("registered_on", sa.Date(), nullable=True, comment="认定日期"),
        sa.Column("cancelled_on", sa.Date(), nullable=True, comment="核销日期"),
        sa.Column("merged_into", sa.UUID(), nullable=True, comment="并入"),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            '"discovered_on" <= "registered_on"',
            name=op.f("hazard_sites_discovered_on_registered_on_order_check"),
        ),
        sa.CheckConstraint(
            "\"influence_basis\" IN ('survey', 'rule', 'none')",
            name=op.f("hazard_sites_influence_basis_code_check"),
        ),
        sa.CheckConstraint(
            "\"length_m\" > '-Infinity' AND \"length_m\" < 'Infinity'",
            name=op.f("hazard_sites_length_m_finite_check"),
        ),
        sa.CheckConstraint('"length_m" >= 0', name=op.f("hazard_sites_length_m_minimum_check")),
        sa.CheckConstraint(
            "\"location_accuracy_m\" > '-Infinity' AND \"location_accuracy_m\" < 'Infinity'",
            name=op.f("hazard_sites_location_accuracy_m_finite_check"),
        ),
        sa.CheckConstraint(
            '"location_accuracy_m" >= 0',
            name=op.f("hazard_sites_location_accuracy_m_minimum_check"),
        ),
        sa.CheckConstraint(
            "\"location_method\" IN ('gnss', 'map', 'address', 'village_centre', 'unknown')",
            name=op.f("hazard_sites_location_method_code_check"),
        ),
        sa.CheckConstraint(
            "\"plan_level\" IN ('1', '2', '3', '4')",
            name=op.f("hazard_sites_plan_level_code_check"),
        ),
        sa.CheckConstraint(
            "\"register_kind\" IN ('hidden_danger', 'risk_point')",
            name=op.f("hazard_sites_register_kind_code_check"),
        ),
        sa.CheckConstraint(
            '"registered_on" <= "cancelled_on"',
            name=op.f("hazard_sites_registered_on_cancelled_on_order_check"),
        ),
        sa.CheckConstraint(
            '"slope_angle_deg" <= 90', name=op.f("hazard_sites_slope_angle_deg_maximum_check")
        ),
        sa.CheckConstraint(
            "\"slope_angle_deg\" > '-Infinity' AND \"slope_angle_deg\" < 'Infinity'",
            name=op.f("hazard_sites_slope_angle_deg_finite_check"),
        ),
        sa.CheckConstraint(
            '"slope_angle_deg" >= 0', name=op.f("hazard_sites_slope_angle_deg_minimum_check")
        ),
        sa.CheckConstraint(
            "\"slope_height_m\" > '-Infinity' AND \"slope_height_m\" < 'Infinity'",
            name=op.f("hazard_sites_slope_height_m_finite_check"),
        ),
        sa.CheckConstraint(
            '"slope_height_m" >= 0', name=op.f("hazard_sites_slope_height_m_minimum_check")
        ),
        sa.CheckConstraint(
            "\"triggers\" <@ ARRAY['1', '2', '3', '4']",
            name=op.f("hazard_sites_triggers_code_check"),
        ),
        sa.CheckConstraint(
            "\"volume_m3\" > '-Infinity' AND \"volume_m3\" < 'Infinity'",
            name=op.f("hazard_sites_volume_m3_finite_check"),
        ),
        sa.CheckConstraint('"volume_m3" >= 0', name=op.f("hazard_sites_volume_m3_minimum_check")),
        sa.CheckConstraint(
            "\"width_m\" > '-Infinity' AND \"width_m\" < 'Infinity'",
            name=op.f("hazard_sites_width_m_finite_check"),
        ),
        sa.CheckConstraint('"width_m" >= 0', name=op.f("hazard_sites_width_m_minimum_check")),
        sa.CheckConstraint(
            "(\"type_set\" IS NULL AND \"type_code\" IS NULL) OR (\"type_set\" IS NOT NULL AND \"type_code\" IS NOT NULL AND ((\"type_set\" = 'hazard_type_a' AND \"type_code\" IN ('00', '01', '02', '03', '04', '05', '06', '07')) OR (\"type_set\" = 'hazard_type_b' AND \"type_code\" IN ('00', '01', '02', '03', '04', '06', '07'))))",
            name=op.f("hazard_sites_type_set_type_code_pair_check"),
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("footprint") AND ST_XMin("footprint") >= -180 AND ST_XMax("footprint") <= 180 AND ST_YMin("footprint") >= -90 AND ST_YMax("footprint") <= 90 AND ST_IsValid("footprint")',
            name=op.f("hazard_sites_footprint_storable_check"),
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("hazard_sites_geom_storable_check"),
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("influence_zone") AND ST_XMin("influence_zone") >= -180 AND ST_XMax("influence_zone") <= 180 AND ST_YMin("influence_zone") >= -90 AND ST_YMax("influence_zone") <= 90 AND ST_IsValid("influence_zone")',
            name=op.f("hazard_sites_influence_zone_storable_check"),
        ),
        sa.CheckConstraint(
            'array_position("triggers", NULL) IS NULL',
            name=op.f("hazard_sites_triggers_list_check"),
        ),
        sa.CheckConstraint(
            'char_length("address") <= 400', name=op.f("hazard_sites_address_length_check")
        ),
        sa.CheckConstraint(
            'char_length("field_no") <= 40', name=op.f("hazard_sites_field_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("name") <= 200', name=op.f("hazard_sites_name_length_check")
        ),
        sa.CheckConstraint(
            'char_length("site_no") <= 40', name=op.f("hazard_sites_site_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("site_no_scheme") <= 40',
            name=op.f("hazard_sites_site_no_scheme_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("town_code") <= 12', name=op.f("hazard_sites_town_code_length_check")
        ),
        sa.CheckConstraint(
            'char_length("village_code") <= 12', name=op.f("hazard_sites_village_code_length_check")
        ),
        sa.ForeignKeyConstraint(
            ["merged_into"],
            ["registers.hazard_sites.uid"],
            name=op.f("hazard_sites_merged_into_fkey"),
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("hazard_sites_pkey")),
        schema="registers",
        comment="地质灾害点",
    )
    op.create_index(
        "hazard_sites_best_gist",
        "hazard_sites",
        [sa.literal_column("coalesce(footprint, geom)")],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "hazard_sites_footprint_gist",
        "hazard_sites",
        ["footprint"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "hazard_sites_geom_gist",
        "hazard_sites",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "hazard_sites_influence_zone_gist",
        "hazard_sites",
        ["influence_zone"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "hazard_sites_key",
        "hazard_sites",
        ["site_no_scheme", "site_no"],
        unique=True,
        schema="registers",
    )
    op.create_index(
        "hazard_sites_merged_into_idx",
        "hazard_sites",
        ["merged_into"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "hazard_sites_town_code_idx",
        "hazard_sites",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "hazard_sites_village_code_idx",
        "hazard_sites",
        ["village_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "hazard_sites_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("site_no", sa.Text(), nullable=True),
        sa.Column("site_no_scheme", sa.Text(), nullable=True),
        sa.Column("field_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("register_kind", sa.Text(), nullable=True),
        sa.Column("is_cut_slope_housing", sa.Boolean(), nullable=True),
        sa.Column("type_set", sa.Text(), nullable=True),
        sa.Column("type_code", sa.Text(), nullable=True),
        sa.Column("triggers", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("plan_level", sa.Text(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("village_code", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("location_accuracy_m", sa.Double(), nullable=True),
        sa.Column("location_method", sa.Text(), nullable=True),
        sa.Column(
            "footprint",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "influence_zone",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("influence_basis", sa.Text(), nullable=True),
        sa.Column("slope_height_m", sa.Double(), nullable=True),
        sa.Column("slope_angle_deg", sa.Double(), nullable=True),
        sa.Column("width_m", sa.Double(), nullable=True),
        sa.Column("length_m", sa.Double(), nullable=True),
        sa.Column("volume_m3", sa.Double(), nullable=True),
        sa.Column("discovered_on", sa.Date(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("cancelled_on", sa.Date(), nullable=True),
        sa.Column("merged_into", sa.UUID(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')", name=op.f("hazard_sites_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("hazard_sites_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("hazard_sites_history_pkey")),
        schema="registers",
        comment="地质灾害点：历史版本",
    )
    op.create_index(
        "hazard_sites_history_geom_gist",
        "hazard_sites_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "remediation_projects",
        sa.Column("uid", sa.UUID(), server_default=sa.text("geoservice.uuid7()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "change_id",
            sa.BigInteger(),
            server_default=sa.text("geoservice.current_change()"),
            nullable=False,
        ),
        sa.Column("project_no", sa.Text(), nullable=False, comment="项目编号"),
        sa.Column("name", sa.Text(), nullable=False, comment="项目名称"),
        sa.Column("hazard_sites", postgresql.ARRAY(sa.UUID()), nullable=False, comment="灾害点"),
        sa.Column("measure", sa.Text(), nullable=False, comment="防治措施"),
        sa.Column("status", sa.Text(), nullable=False, comment="状态"),
        sa.Column("funds_secured_fen", sa.BigInteger(), nullable=True, comment="已落实资金"),
        sa.Column("designer", sa.Text(), nullable=True, comment="设计单位"),
        sa.Column("contractor", sa.Text(), nullable=True, comment="施工单位"),
        sa.Column("measure_set_on", sa.Date(), nullable=True, comment="措施确定日期"),
        sa.Column("design_planned_on", sa.Date(), nullable=True, comment="计划设计日期"),
        sa.Column("design_on", sa.Date(), nullable=True, comment="实际设计日期"),
        sa.Column("works_planned_on", sa.Date(), nullable=True, comment="计划开工日期"),
        sa.Column("works_on", sa.Date(), nullable=True, comment="实际开工日期"),
        sa.Column("completed_planned_on", sa.Date(), nullable=True, comment="计划竣工日期"),
        sa.Column("completed_on", sa.Date(), nullable=True, comment="实际竣工日期"),
        sa.Column("accepted_planned_on", sa.Date(), nullable=True, comment="计划验收日期"),
        sa.Column("accepted_on", sa.Date(), nullable=True, comment="实际验收日期"),
        sa.Column("acceptance_document", sa.Text(), nullable=True, comment="验收文号"),
        sa.Column("cancelled_on", sa.Date(), nullable=True, comment="核销日期"),
        sa.CheckConstraint(
            '"accepted_on" <= "cancelled_on"',
            name=op.f("remediation_projects_accepted_on_cancelled_on_order_check"),
        ),
        sa.CheckConstraint(
            '"completed_on" <= "accepted_on"',
            name=op.f("remediation_projects_completed_on_accepted_on_order_check"),
        ),
        sa.CheckConstraint(
            '"design_on" <= "works_on"',
            name=op.f("remediation_projects_design_on_works_on_order_check"),
        ),
        sa.CheckConstraint(
            '"funds_secured_fen" >= 0',
            name=op.f("remediation_projects_funds_secured_fen_minimum_check"),
        ),
        sa.CheckConstraint(
            "\"measure\" IN ('A', 'B', 'C', 'D', 'E')",
            name=op.f("remediation_projects_measure_code_check"),
        ),
        sa.CheckConstraint(
            "\"status\" IN ('measure_set', 'design', 'in_works', 'completed', 'accepted', 'cancellation_requested', 'cancelled', 'void')",
            name=op.f("remediation_projects_status_code_check"),
        ),
        sa.CheckConstraint(
            '"works_on" <= "completed_on"',
            name=op.f("remediation_projects_works_on_completed_on_order_check"),
        ),
        sa.CheckConstraint(
            'array_position("hazard_sites", NULL) IS NULL',
            name=op.f("remediation_projects_hazard_sites_list_check"),
        ),
        sa.CheckConstraint(
            'char_length("acceptance_document") <= 200',
            name=op.f("remediation_projects_acceptance_document_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("contractor") <= 200',
            name=op.f("remediation_projects_contractor_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("designer") <= 200',
            name=op.f("remediation_projects_designer_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("name") <= 200', name=op.f("remediation_projects_name_length_check")
        ),
        sa.CheckConstraint(
            'char_length("project_no") <= 60',
            name=op.f("remediation_projects_project_no_length_check"),
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("remediation_projects_pkey")),
        schema="registers",
        comment="治理项目",
    )
    op.create_index(
        "remediation_projects_hazard_sites_idx",
        "remediation_projects",
        ["hazard_sites"],
        unique=False,
        schema="registers",
        postgresql_using="gin",
    )
    op.create_index(
        "remediation_projects_key",
        "remediation_projects",
        ["project_no"],
        unique=True,
        schema="registers",
    )
    op.create_table(
        "remediation_projects_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("project_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("hazard_sites", postgresql.ARRAY(sa.UUID()), nullable=True),
        sa.Column("measure", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("funds_secured_fen", sa.BigInteger(), nullable=True),
        sa.Column("designer", sa.Text(), nullable=True),
        sa.Column("contractor", sa.Text(), nullable=True),
        sa.Column("measure_set_on", sa.Date(), nullable=True),
        sa.Column("design_planned_on", sa.Date(), nullable=True),
        sa.Column("design_on", sa.Date(), nullable=True),
        sa.Column("works_planned_on", sa.Date(), nullable=True),
        sa.Column("works_on", sa.Date(), nullable=True),
        sa.Column("completed_planned_on", sa.Date(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("accepted_planned_on", sa.Date(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("acceptance_document", sa.Text(), nullable=True),
        sa.Column("cancelled_on", sa.Date(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')",
            name=op.f("remediation_projects_history_operation_check"),
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("remediation_projects_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("remediation_projects_history_pkey")),
        schema="registers",
        comment="治理项目：历史版本",
    )
    op.create_table(
        "towns",
        sa.Column("uid", sa.UUID(), server_default=sa.text("geoservice.uuid7()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "change_id",
            sa.BigInteger(),
            server_default=sa.text("geoservice.current_change()"),
            nullable=False,
        ),
        sa.Column("code", sa.Text(), nullable=False, comment="镇级代码"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称"),
        sa.Column("name_en", sa.Text(), nullable=True, comment="英文名称"),
        sa.Column("kind", sa.Text(), nullable=False, comment="类别"),
        sa.Column("parent_code", sa.Text(), nullable=False, comment="上级代码"),
        sa.Column("boundary_accuracy_m", sa.Double(), nullable=True, comment="界线精度"),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="启用日期"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="停用日期"),
        sa.Column("replaced_by", sa.Text(), nullable=True, comment="被代替为"),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "\"boundary_accuracy_m\" > '-Infinity' AND \"boundary_accuracy_m\" < 'Infinity'",
            name=op.f("towns_boundary_accuracy_m_finite_check"),
        ),
        sa.CheckConstraint(
            "\"kind\" IN ('subdistrict', 'town', 'park', 'village', 'community', 'virtual_community', 'living_area')",
            name=op.f("towns_kind_code_check"),
        ),
        sa.CheckConstraint(
            '"valid_from" <= "valid_to"', name=op.f("towns_valid_from_valid_to_order_check")
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("towns_geom_storable_check"),
        ),
        sa.CheckConstraint('char_length("code") <= 12', name=op.f("towns_code_length_check")),
        sa.CheckConstraint('char_length("name") <= 100', name=op.f("towns_name_length_check")),
        sa.CheckConstraint(
            'char_length("name_en") <= 100', name=op.f("towns_name_en_length_check")
        ),
        sa.CheckConstraint(
            'char_length("parent_code") <= 12', name=op.f("towns_parent_code_length_check")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("towns_pkey")),
        schema="registers",
        comment="镇街与园区",
    )
    op.create_index(
        "towns_geom_gist",
        "towns",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index("towns_key", "towns", ["code"], unique=True, schema="registers")
    op.create_table(
        "towns_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("boundary_accuracy_m", sa.Double(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("replaced_by", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')", name=op.f("towns_history_operation_check")
        ),
        sa.CheckConstraint("recorded_at < superseded_at", name=op.f("towns_history_period_check")),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("towns_history_pkey")),
        schema="registers",
        comment="镇街与园区：历史版本",
    )
    op.create_index(
        "towns_history_geom_gist",
        "towns_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "villages",
        sa.Column("uid", sa.UUID(), server_default=sa.text("geoservice.uuid7()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "change_id",
            sa.BigInteger(),
            server_default=sa.text("geoservice.current_change()"),
            nullable=False,
        ),
        sa.Column("code", sa.Text(), nullable=False, comment="村级代码"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称"),
        sa.Column("kind", sa.Text(), nullable=False, comment="类别"),
        sa.Column("town_code", sa.Text(), nullable=False, comment="所属镇街代码"),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="启用日期"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="停用日期"),
        sa.Column("replaced_by", sa.Text(), nullable=True, comment="被代替为"),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "\"kind\" IN ('subdistrict', 'town', 'park', 'village', 'community', 'virtual_community', 'living_area')",
            name=op.f("villages_kind_code_check"),
        ),
        sa.CheckConstraint(
            '"valid_from" <= "valid_to"', name=op.f("villages_valid_from_valid_to_order_check")
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("villages_geom_storable_check"),
        ),
        sa.CheckConstraint('char_length("code") <= 12', name=op.f("villages_code_length_check")),
        sa.CheckConstraint('char_length("name") <= 100', name=op.f("villages_name_length_check")),
        sa.CheckConstraint(
            'char_length("town_code") <= 12', name=op.f("villages_town_code_length_check")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("villages_pkey")),
        schema="registers",
        comment="村与社区",
    )
    op.create_index(
        "villages_geom_gist",
        "villages",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index("villages_key", "villages", ["code"], unique=True, schema="registers")
    op.create_index(
        "villages_town_code_idx",
        "villages",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "villages_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("replaced_by", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')", name=op.f("villages_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("villages_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("villages_history_pkey")),
        schema="registers",
        comment="村与社区：历史版本",
    )
    op.create_index(
        "villages_history_geom_gist",
        "villages_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "changed_collections",
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["geoservice.changes.id"],
            name=op.f("changed_collections_change_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("collection", "change_id", name=op.f("changed_collections_pkey")),
        schema="geoservice",
        comment="which collections a change touched; the newest is the version of the collection",
    )
    op.create_table(
        "hazard_assessments",
        sa.Column("uid", sa.UUID(), server_default=sa.text("geoservice.uuid7()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "change_id",
            sa.BigInteger(),
            server_default=sa.text("geoservice.current_change()"),
            nullable=False,
        ),
        sa.Column("hazard_site", sa.UUID(), nullable=False, comment="灾害点"),
        sa.Column("assessed_on", sa.Date(), nullable=False, comment="评估日期"),
        sa.Column(
            "inspection",
            sa.Text(),
            server_default=sa.text("'special'"),
            nullable=False,
            comment="检查类别",
        ),
        sa.Column("threatened_people", sa.Integer(), nullable=True, comment="受威胁人数"),
        sa.Column("threatened_households", sa.Integer(), nullable=True, comment="受威胁户数"),
        sa.Column("threatened_buildings", sa.Integer(), nullable=True, comment="受威胁房屋数"),
        sa.Column(
            "threatened_assets_wan",
            sa.Numeric(precision=14, scale=2),
            nullable=True,
            comment="受威胁资产",
        ),
        sa.Column("threat_objects", postgresql.ARRAY(sa.Text()), nullable=True, comment="威胁对象"),
        sa.Column("threat_grade_declared", sa.Text(), nullable=True, comment="险情等级（申报）"),
        sa.Column("size_grade", sa.Text(), nullable=True, comment="规模等级"),
        sa.Column("risk_level", sa.Text(), nullable=True, comment="风险等级"),
        sa.Column("stability", sa.Text(), nullable=True, comment="稳定性"),
        sa.Column("assessor", sa.Text(), nullable=True, comment="评估单位"),
        sa.CheckConstraint(
            "\"inspection\" IN ('before_flood_season', 'in_flood_season', 'after_flood_season', 'emergency', 'special')",
            name=op.f("hazard_assessments_inspection_code_check"),
        ),
        sa.CheckConstraint(
            "\"risk_level\" IN ('very_high', 'high', 'medium', 'low')",
            name=op.f("hazard_assessments_risk_level_code_check"),
        ),
        sa.CheckConstraint(
            "\"size_grade\" IN ('giant', 'extra_large', 'large', 'medium', 'small')",
            name=op.f("hazard_assessments_size_grade_code_check"),
        ),
        sa.CheckConstraint(
            "\"stability\" IN ('stable', 'fairly_stable', 'less_stable', 'unstable')",
            name=op.f("hazard_assessments_stability_code_check"),
        ),
        sa.CheckConstraint(
            "\"threat_grade_declared\" IN ('A', 'B', 'C', 'D')",
            name=op.f("hazard_assessments_threat_grade_declared_code_check"),
        ),
        sa.CheckConstraint(
            "\"threat_objects\" <@ ARRAY['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I']",
            name=op.f("hazard_assessments_threat_objects_code_check"),
        ),
        sa.CheckConstraint(
            '"threatened_assets_wan" >= 0',
            name=op.f("hazard_assessments_threatened_assets_wan_minimum_check"),
        ),
        sa.CheckConstraint(
            '"threatened_buildings" >= 0',
            name=op.f("hazard_assessments_threatened_buildings_minimum_check"),
        ),
        sa.CheckConstraint(
            '"threatened_households" >= 0',
            name=op.f("hazard_assessments_threatened_households_minimum_check"),
        ),
        sa.CheckConstraint(
            '"threatened_people" >= 0',
            name=op.f("hazard_assessments_threatened_people_minimum_check"),
        ),
        sa.CheckConstraint(
            'array_position("threat_objects", NULL) IS NULL',
            name=op.f("hazard_assessments_threat_objects_list_check"),
        ),
        sa.CheckConstraint(
            'char_length("assessor") <= 200', name=op.f("hazard_assessments_assessor_length_check")
        ),
        sa.ForeignKeyConstraint(
            ["hazard_site"],
            ["registers.hazard_sites.uid"],
            name=op.f("hazard_assessments_hazard_site_fkey"),
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("hazard_assessments_pkey")),
        schema="registers",
        comment="地质灾害点评估记录",
    )
    op.create_index(
        "hazard_assessments_key",
        "hazard_assessments",
        ["hazard_site", "assessed_on", "inspection"],
        unique=True,
        schema="registers",
    )


def downgrade() -> None:

    op.drop_index("hazard_assessments_key", table_name="hazard_assessments", schema="registers")
    op.drop_table("hazard_assessments", schema="registers")
    op.drop_table("changed_collections", schema="geoservice")
    op.drop_index(
        "villages_history_geom_gist",
        table_name="villages_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("villages_history", schema="registers")
    op.drop_index(
        "villages_town_code_idx",
        table_name="villages",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index("villages_key", table_name="villages", schema="registers")
    op.drop_index(
        "villages_geom_gist", table_name="villages", schema="registers", postgresql_using="gist"
    )
    op.drop_table("villages", schema="registers")
    op.drop_index(
        "towns_history_geom_gist",
        table_name="towns_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("towns_history", schema="registers")
    op.drop_index("towns_key", table_name="towns", schema="registers")
    op.drop_index(
        "towns_geom_gist", table_name="towns", schema="registers", postgresql_using="gist"
    )
    op.drop_table("towns", schema="registers")
    op.drop_table("remediation_projects_history", schema="registers")
    op.drop_index("remediation_projects_key", table_name="remediation_projects", schema="registers")
    op.drop_index(
        "remediation_projects_hazard_sites_idx",
        table_name="remediation_projects",
        schema="registers",
        postgresql_using="gin",
    )
    op.drop_table("remediation_projects", schema="registers")
    op.drop_index(
        "hazard_sites_history_geom_gist",
        table_name="hazard_sites_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("hazard_sites_history", schema="registers")
    op.drop_index(
        "hazard_sites_village_code_idx",
        table_name="hazard_sites",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "hazard_sites_town_code_idx",
        table_name="hazard_sites",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "hazard_sites_merged_into_idx",
        table_name="hazard_sites",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index("hazard_sites_key", table_name="hazard_sites", schema="registers")
    op.drop_index(
        "hazard_sites_influence_zone_gist",
        table_name="hazard_sites",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_index(
        "hazard_sites_geom_gist",
        table_name="hazard_sites",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_index(
        "hazard_sites_footprint_gist",
        table_name="hazard_sites",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_index(
        "hazard_sites_best_gist",
        table_name="hazard_sites",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("hazard_sites", schema="registers")
    op.drop_table("hazard_assessments_history", schema="registers")
    op.drop_index(
        "facilities_history_geom_gist",
        table_name="facilities_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("facilities_history", schema="registers")
    op.drop_index(
        "facilities_town_code_idx",
        table_name="facilities",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index("facilities_key", table_name="facilities", schema="registers")
    op.drop_index(
        "facilities_geom_gist", table_name="facilities", schema="registers", postgresql_using="gist"
    )
    op.drop_index(
        "facilities_entrance_gist",
        table_name="facilities",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_index(
        "facilities_campus_gist",
        table_name="facilities",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_index(
        "facilities_best_gist", table_name="facilities", schema="registers", postgresql_using="gist"
    )
    op.drop_table("facilities", schema="registers")
    op.drop_table("code_lists_history", schema="registers")
    op.drop_index("code_lists_key", table_name="code_lists", schema="registers")
    op.drop_table("code_lists", schema="registers")
    op.drop_table("published_collections", schema="geoservice")
    op.drop_table("imports", schema="geoservice")
    op.drop_table("changes", schema="geoservice")
