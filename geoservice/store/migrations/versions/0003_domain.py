"""The whole domain: programme and money, land and plans, the quota ledger, saved answers.

Revises: 0002
"""

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Rows that are there may break these; they are kept, and every later version is checked.
_NEW_CHECKS = {
    "remediation_projects_accepted_on_cancellation_re_25bbc15b_check": '"accepted_on" <= "cancellation_requested_on"',
    "remediation_projects_accepted_on_given_status_ac_6f27e49d_check": "(\"status\" IN ('accepted', 'cancellation_requested', 'cancelled')) IS NOT TRUE OR (\"accepted_on\" IS NOT NULL)",
    "remediation_projects_cancellation_requested_on_c_f56d15d2_check": '"cancellation_requested_on" <= "cancelled_on"',
    "remediation_projects_cancelled_on_given_status_cancelled_check": '("status" IN (\'cancelled\')) IS NOT TRUE OR ("cancelled_on" IS NOT NULL)',
    "remediation_projects_completed_on_given_status_c_f1f2036a_check": "(\"status\" IN ('completed', 'accepted', 'cancellation_requested', 'cancelled')) IS NOT TRUE OR (\"completed_on\" IS NOT NULL)",
    "remediation_projects_households_relocated_minimum_check": '"households_relocated" >= 0',
    "remediation_projects_households_to_relocate_minimum_check": '"households_to_relocate" >= 0',
    "remediation_projects_old_houses_standing_given_m_33aa39cd_check": "(\"measure\" IN ('C') AND \"status\" IN ('accepted', 'cancellation_requested', 'cancelled')) IS NOT TRUE OR (\"old_houses_standing\" IS NOT NULL AND \"old_houses_standing\" = 0)",
    "remediation_projects_old_houses_standing_minimum_check": '"old_houses_standing" >= 0',
}

# The funds that projects carried become entries of a programme of their own; the demonstration data
# brings its own programme.
_KEEP_FUNDS = """
WITH funded AS (
  SELECT p.* FROM registers.remediation_projects AS p JOIN geoservice.changes AS c ON c.id = p.change_id
  WHERE p.funds_secured_fen IS NOT NULL AND c.door <> 'demo'
), programme AS (
  INSERT INTO registers.remediation_programmes (programme_no, name, baseline_on, hazard_sites)
  SELECT 'before-0003', '升级前的治理项目', coalesce(min(measure_set_on), current_date),
    (SELECT array_agg(DISTINCT site) FROM funded AS f, unnest(f.hazard_sites) AS site)
  FROM funded HAVING count(*) > 0 RETURNING uid
)
INSERT INTO registers.funding_entries (entry_no, programme, project, kind, amount_fen, booked_on)
SELECT 'before-0003/' || project_no, programme.uid, funded.uid, 'secured', funds_secured_fen,
  coalesce(measure_set_on, current_date)
FROM funded, programme
"""


def upgrade() -> None:
    op.create_table(
        "quota_balances",
        sa.Column("account", sa.UUID(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column(
            "balance_m2",
            sa.Numeric(precision=14, scale=2),
            nullable=False,
            comment="at the end of the day",
        ),
        sa.Column("overdraft_allowed", sa.Boolean(), nullable=False, comment="as the account says"),
        sa.CheckConstraint(
            "balance_m2 >= 0 OR overdraft_allowed", name=op.f("quota_balances_overdraft_check")
        ),
        sa.PrimaryKeyConstraint("account", "booked_on", name=op.f("quota_balances_pkey")),
        schema="geoservice",
        comment="the balance of a quota account at the end of each day on which something was booked",
    )
    op.create_table(
        "quota_charges",
        sa.Column("quota_parcel", sa.UUID(), nullable=False),
        sa.Column("quota_kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("posting", sa.UUID(), nullable=False),
        sa.Column("charged_m2", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("is_taken_over", sa.Boolean(), nullable=False, comment="from an earlier ledger"),
        sa.CheckConstraint("charged_m2 > 0", name=op.f("quota_charges_charged_check")),
        sa.PrimaryKeyConstraint(
            "quota_parcel", "quota_kind", "year", name=op.f("quota_charges_pkey")
        ),
        schema="geoservice",
        comment="the parcels that are charged now: used or taken over, and not reversed",
    )
    op.create_table(
        "quota_holds",
        sa.Column("account", sa.UUID(), nullable=False),
        sa.Column("quota_parcel", sa.UUID(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column(
            "held_m2",
            sa.Numeric(precision=14, scale=2),
            nullable=False,
            comment="at the end of the day",
        ),
        sa.CheckConstraint("held_m2 >= 0", name=op.f("quota_holds_held_check")),
        sa.PrimaryKeyConstraint(
            "account", "quota_parcel", "booked_on", name=op.f("quota_holds_pkey")
        ),
        schema="geoservice",
        comment="what a quota account holds for a parcel at the end of each day with an entry for it",
    )
    op.create_table(
        "control_lines",
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
        sa.Column("line_no", sa.Text(), nullable=False, comment="控制线编号"),
        sa.Column("kind", sa.Text(), nullable=False, comment="控制线类别"),
        sa.Column("name", sa.Text(), nullable=True, comment="名称"),
        sa.Column("document_no", sa.Text(), nullable=True, comment="文号"),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="启用日期"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="停用日期"),
        sa.Column(
            "area_ellipsoid_m2",
            sa.Double(),
            sa.Computed("ST_Area(geography(geom), true)", persisted=True),
            nullable=True,
            comment="椭球面积",
        ),
        sa.Column(
            "area_plane_m2",
            sa.Double(),
            sa.Computed("geoservice.plane_area_m2(geom)", persisted=True),
            nullable=True,
            comment="平面面积",
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "\"area_ellipsoid_m2\" > '-Infinity' AND \"area_ellipsoid_m2\" < 'Infinity'",
            name=op.f("control_lines_area_ellipsoid_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"area_plane_m2\" > '-Infinity' AND \"area_plane_m2\" < 'Infinity'",
            name=op.f("control_lines_area_plane_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"kind\" IN ('permanent_basic_farmland', 'ecological_red_line', 'urban_growth_boundary')",
            name=op.f("control_lines_kind_code_check"),
        ),
        sa.CheckConstraint(
            '"valid_from" <= "valid_to"', name=op.f("control_lines_valid_from_valid_to_order_check")
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("control_lines_geom_storable_check"),
        ),
        sa.CheckConstraint(
            'char_length("document_no") <= 200', name=op.f("control_lines_document_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("line_no") <= 60', name=op.f("control_lines_line_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("name") <= 200', name=op.f("control_lines_name_length_check")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("control_lines_pkey")),
        schema="registers",
        comment="控制线",
    )
    op.create_index(
        "control_lines_geom_gist",
        "control_lines",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "control_lines_key", "control_lines", ["line_no"], unique=True, schema="registers"
    )
    op.create_table(
        "control_lines_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("line_no", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("area_ellipsoid_m2", sa.Double(), nullable=True),
        sa.Column("area_plane_m2", sa.Double(), nullable=True),
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
            "operation IN ('update', 'delete')", name=op.f("control_lines_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("control_lines_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("control_lines_history_pkey")),
        schema="registers",
        comment="控制线：历史版本",
    )
    op.create_index(
        "control_lines_history_geom_gist",
        "control_lines_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "coverage_statements",
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
        sa.Column("statement_no", sa.Text(), nullable=False, comment="声明编号"),
        sa.Column("dataset", sa.Text(), nullable=False, comment="图层"),
        sa.Column("status", sa.Text(), nullable=False, comment="完整性"),
        sa.Column("town_code", sa.Text(), nullable=True, comment="所在镇街代码"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="启用日期"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="停用日期"),
        sa.Column("stated_by", sa.Text(), nullable=True, comment="声明单位"),
        sa.Column("note", sa.Text(), nullable=True, comment="备注"),
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
            "\"status\" IN ('complete', 'partial', 'none', 'unknown')",
            name=op.f("coverage_statements_status_code_check"),
        ),
        sa.CheckConstraint(
            '"valid_from" <= "valid_to"',
            name=op.f("coverage_statements_valid_from_valid_to_order_check"),
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("coverage_statements_geom_storable_check"),
        ),
        sa.CheckConstraint(
            'char_length("dataset") <= 48', name=op.f("coverage_statements_dataset_length_check")
        ),
        sa.CheckConstraint(
            'char_length("note") <= 1000', name=op.f("coverage_statements_note_length_check")
        ),
        sa.CheckConstraint(
            'char_length("stated_by") <= 200',
            name=op.f("coverage_statements_stated_by_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("statement_no") <= 60',
            name=op.f("coverage_statements_statement_no_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("town_code") <= 12',
            name=op.f("coverage_statements_town_code_length_check"),
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("coverage_statements_pkey")),
        schema="registers",
        comment="数据完整性声明",
    )
    op.create_index(
        "coverage_statements_geom_gist",
        "coverage_statements",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "coverage_statements_key",
        "coverage_statements",
        ["statement_no"],
        unique=True,
        schema="registers",
    )
    op.create_index(
        "coverage_statements_town_code_idx",
        "coverage_statements",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "coverage_statements_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("statement_no", sa.Text(), nullable=True),
        sa.Column("dataset", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("stated_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
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
            "operation IN ('update', 'delete')",
            name=op.f("coverage_statements_history_operation_check"),
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("coverage_statements_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("coverage_statements_history_pkey")),
        schema="registers",
        comment="数据完整性声明：历史版本",
    )
    op.create_index(
        "coverage_statements_history_geom_gist",
        "coverage_statements_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "education_projects_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("project_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("build_kind", sa.Text(), nullable=True),
        sa.Column("stages", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("seats_kindergarten", sa.Integer(), nullable=True),
        sa.Column("seats_primary", sa.Integer(), nullable=True),
        sa.Column("seats_junior", sa.Integer(), nullable=True),
        sa.Column("seats_senior", sa.Integer(), nullable=True),
        sa.Column("land_status", sa.Text(), nullable=True),
        sa.Column("land_reserve", sa.UUID(), nullable=True),
        sa.Column("facility", sa.UUID(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("listed_on", sa.Date(), nullable=True),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("is_priority", sa.Boolean(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
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
            "operation IN ('update', 'delete')",
            name=op.f("education_projects_history_operation_check"),
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("education_projects_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("education_projects_history_pkey")),
        schema="registers",
        comment="教育扩容项目：历史版本",
    )
    op.create_index(
        "education_projects_history_geom_gist",
        "education_projects_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "funding_entries_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_no", sa.Text(), nullable=True),
        sa.Column("programme", sa.UUID(), nullable=True),
        sa.Column("project", sa.UUID(), nullable=True),
        sa.Column("hazard_site", sa.UUID(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("booked_on", sa.Date(), nullable=True),
        sa.Column("funding_source", sa.Text(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')",
            name=op.f("funding_entries_history_operation_check"),
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("funding_entries_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("funding_entries_history_pkey")),
        schema="registers",
        comment="资金台账分录：历史版本",
    )
    op.create_table(
        "land_parcels_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("parcel_no", sa.Text(), nullable=True),
        sa.Column("land_use_set", sa.Text(), nullable=True),
        sa.Column("land_use_code", sa.Text(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("village_code", sa.Text(), nullable=True),
        sa.Column("plan", sa.UUID(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("area_declared_m2", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("area_ellipsoid_m2", sa.Double(), nullable=True),
        sa.Column("area_plane_m2", sa.Double(), nullable=True),
        sa.Column("area_difference_m2", sa.Double(), nullable=True),
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
            "operation IN ('update', 'delete')", name=op.f("land_parcels_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("land_parcels_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("land_parcels_history_pkey")),
        schema="registers",
        comment="地块：历史版本",
    )
    op.create_index(
        "land_parcels_history_geom_gist",
        "land_parcels_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "land_reserves_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("reserve_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("purpose_kind", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("intended_on", sa.Date(), nullable=True),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("supplied_on", sa.Date(), nullable=True),
        sa.Column("built_on", sa.Date(), nullable=True),
        sa.Column("cancelled_on", sa.Date(), nullable=True),
        sa.Column("land_use_set", sa.Text(), nullable=True),
        sa.Column("land_use_code", sa.Text(), nullable=True),
        sa.Column("is_embedded", sa.Boolean(), nullable=True),
        sa.Column("land_parcel", sa.UUID(), nullable=True),
        sa.Column("target", sa.UUID(), nullable=True),
        sa.Column("plan", sa.UUID(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("village_code", sa.Text(), nullable=True),
        sa.Column("area_declared_m2", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("area_ellipsoid_m2", sa.Double(), nullable=True),
        sa.Column("area_plane_m2", sa.Double(), nullable=True),
        sa.Column("area_difference_m2", sa.Double(), nullable=True),
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
            "operation IN ('update', 'delete')", name=op.f("land_reserves_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("land_reserves_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("land_reserves_history_pkey")),
        schema="registers",
        comment="公共服务设施用地预留：历史版本",
    )
    op.create_index(
        "land_reserves_history_geom_gist",
        "land_reserves_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "livelihood_projects",
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
        sa.Column("name", sa.Text(), nullable=True, comment="项目名称"),
        sa.Column("field", sa.Text(), nullable=True, comment="领域"),
        sa.Column("responsible_org", sa.Text(), nullable=True, comment="责任单位"),
        sa.Column("status", sa.Text(), nullable=True, comment="状态"),
        sa.Column("scheduled_from", sa.Date(), nullable=True, comment="计划开始日期"),
        sa.Column("scheduled_to", sa.Date(), nullable=True, comment="计划完成日期"),
        sa.Column("source_note", sa.Text(), nullable=True, comment="来源说明"),
        sa.CheckConstraint(
            "\"field\" IN ('urban_renewal', 'property_registration', 'disaster_prevention', 'surveying', 'other')",
            name=op.f("livelihood_projects_field_code_check"),
        ),
        sa.CheckConstraint(
            '"scheduled_from" <= "scheduled_to"',
            name=op.f("livelihood_projects_scheduled_from_scheduled_to_order_check"),
        ),
        sa.CheckConstraint(
            "\"status\" IN ('planned', 'under_way', 'done')",
            name=op.f("livelihood_projects_status_code_check"),
        ),
        sa.CheckConstraint(
            'char_length("name") <= 200', name=op.f("livelihood_projects_name_length_check")
        ),
        sa.CheckConstraint(
            'char_length("project_no") <= 60',
            name=op.f("livelihood_projects_project_no_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("responsible_org") <= 200',
            name=op.f("livelihood_projects_responsible_org_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("source_note") <= 1000',
            name=op.f("livelihood_projects_source_note_length_check"),
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("livelihood_projects_pkey")),
        schema="registers",
        comment="民生项目",
    )
    op.create_index(
        "livelihood_projects_key",
        "livelihood_projects",
        ["project_no"],
        unique=True,
        schema="registers",
    )
    op.create_table(
        "livelihood_projects_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("project_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("responsible_org", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("scheduled_from", sa.Date(), nullable=True),
        sa.Column("scheduled_to", sa.Date(), nullable=True),
        sa.Column("source_note", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')",
            name=op.f("livelihood_projects_history_operation_check"),
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("livelihood_projects_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("livelihood_projects_history_pkey")),
        schema="registers",
        comment="民生项目：历史版本",
    )
    op.create_table(
        "plans",
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
        sa.Column("plan_no", sa.Text(), nullable=False, comment="规划编号"),
        sa.Column(
            "version_no", sa.Text(), server_default=sa.text("'1'"), nullable=False, comment="版本号"
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="规划名称"),
        sa.Column("level", sa.Text(), nullable=False, comment="规划层级"),
        sa.Column("status", sa.Text(), nullable=False, comment="状态"),
        sa.Column("town_code", sa.Text(), nullable=True, comment="所在镇街代码"),
        sa.Column("village_code", sa.Text(), nullable=True, comment="所在村代码"),
        sa.Column("is_pilot", sa.Boolean(), nullable=True, comment="试点"),
        sa.Column("period_from", sa.Integer(), nullable=True, comment="规划期起始年"),
        sa.Column("period_to", sa.Integer(), nullable=True, comment="规划期末年"),
        sa.Column("in_force_from", sa.Date(), nullable=True, comment="生效日期"),
        sa.Column("in_force_to", sa.Date(), nullable=True, comment="废止日期"),
        sa.Column("document_no", sa.Text(), nullable=True, comment="文号"),
        sa.Column(
            "area_ellipsoid_m2",
            sa.Double(),
            sa.Computed("ST_Area(geography(geom), true)", persisted=True),
            nullable=True,
            comment="椭球面积",
        ),
        sa.Column(
            "area_plane_m2",
            sa.Double(),
            sa.Computed("geoservice.plane_area_m2(geom)", persisted=True),
            nullable=True,
            comment="平面面积",
        ),
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
            "\"area_ellipsoid_m2\" > '-Infinity' AND \"area_ellipsoid_m2\" < 'Infinity'",
            name=op.f("plans_area_ellipsoid_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"area_plane_m2\" > '-Infinity' AND \"area_plane_m2\" < 'Infinity'",
            name=op.f("plans_area_plane_m2_finite_check"),
        ),
        sa.CheckConstraint(
            '"in_force_from" <= "in_force_to"',
            name=op.f("plans_in_force_from_in_force_to_order_check"),
        ),
        sa.CheckConstraint(
            "\"level\" IN ('city', 'town', 'pilot_village', 'special', 'detailed')",
            name=op.f("plans_level_code_check"),
        ),
        sa.CheckConstraint(
            '"period_from" <= "period_to"', name=op.f("plans_period_from_period_to_order_check")
        ),
        sa.CheckConstraint(
            "\"status\" IN ('drafting', 'displayed', 'under_approval', 'in_force', 'repealed')",
            name=op.f("plans_status_code_check"),
        ),
        sa.CheckConstraint(
            "(\"status\" IN ('in_force', 'repealed')) IS NOT TRUE OR (\"in_force_from\" IS NOT NULL)",
            name=op.f("plans_in_force_from_given_status_in_force_repealed_check"),
        ),
        sa.CheckConstraint(
            '("status" IN (\'repealed\')) IS NOT TRUE OR ("in_force_to" IS NOT NULL)',
            name=op.f("plans_in_force_to_given_status_repealed_check"),
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("plans_geom_storable_check"),
        ),
        sa.CheckConstraint(
            'char_length("document_no") <= 200', name=op.f("plans_document_no_length_check")
        ),
        sa.CheckConstraint('char_length("name") <= 200', name=op.f("plans_name_length_check")),
        sa.CheckConstraint('char_length("plan_no") <= 60', name=op.f("plans_plan_no_length_check")),
        sa.CheckConstraint(
            'char_length("town_code") <= 12', name=op.f("plans_town_code_length_check")
        ),
        sa.CheckConstraint(
            'char_length("version_no") <= 20', name=op.f("plans_version_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("village_code") <= 12', name=op.f("plans_village_code_length_check")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("plans_pkey")),
        schema="registers",
        comment="规划",
    )
    op.create_index(
        "plans_geom_gist",
        "plans",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "plans_key", "plans", ["plan_no", "version_no"], unique=True, schema="registers"
    )
    op.create_index(
        "plans_town_code_idx",
        "plans",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "plans_village_code_idx",
        "plans",
        ["village_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "plans_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_no", sa.Text(), nullable=True),
        sa.Column("version_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("village_code", sa.Text(), nullable=True),
        sa.Column("is_pilot", sa.Boolean(), nullable=True),
        sa.Column("period_from", sa.Integer(), nullable=True),
        sa.Column("period_to", sa.Integer(), nullable=True),
        sa.Column("in_force_from", sa.Date(), nullable=True),
        sa.Column("in_force_to", sa.Date(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("area_ellipsoid_m2", sa.Double(), nullable=True),
        sa.Column("area_plane_m2", sa.Double(), nullable=True),
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
            "operation IN ('update', 'delete')", name=op.f("plans_history_operation_check")
        ),
        sa.CheckConstraint("recorded_at < superseded_at", name=op.f("plans_history_period_check")),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("plans_history_pkey")),
        schema="registers",
        comment="规划：历史版本",
    )
    op.create_index(
        "plans_history_geom_gist",
        "plans_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "quota_accounts",
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
        sa.Column("account_no", sa.Text(), nullable=False, comment="账户编号"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称"),
        sa.Column("level", sa.Text(), nullable=False, comment="层级"),
        sa.Column("quota_kind", sa.Text(), nullable=False, comment="指标类型"),
        sa.Column("year", sa.Integer(), nullable=False, comment="指标年度"),
        sa.Column(
            "purpose",
            sa.Text(),
            server_default=sa.text("'general'"),
            nullable=False,
            comment="用途",
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="状态"),
        sa.Column("town_code", sa.Text(), nullable=True, comment="所在镇街代码"),
        sa.Column(
            "overdraft_allowed",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="可透支",
        ),
        sa.Column("note", sa.Text(), nullable=True, comment="备注"),
        sa.CheckConstraint(
            "\"level\" IN ('superior', 'city_coordinated', 'special_pool', 'town')",
            name=op.f("quota_accounts_level_code_check"),
        ),
        sa.CheckConstraint(
            "\"purpose\" IN ('general', 'rural_revitalization')",
            name=op.f("quota_accounts_purpose_code_check"),
        ),
        sa.CheckConstraint(
            "\"quota_kind\" IN ('new_construction', 'linked', 'mining_reclamation', 'farmland_quantity', 'farmland_paddy', 'plan_scale', 'flexible')",
            name=op.f("quota_accounts_quota_kind_code_check"),
        ),
        sa.CheckConstraint(
            "\"state\" IN ('source', 'available', 'held', 'used')",
            name=op.f("quota_accounts_state_code_check"),
        ),
        sa.CheckConstraint('"year" <= 2100', name=op.f("quota_accounts_year_maximum_check")),
        sa.CheckConstraint('"year" >= 1980', name=op.f("quota_accounts_year_minimum_check")),
        sa.CheckConstraint(
            "(\"level\" IN ('city_coordinated', 'special_pool')) IS NOT TRUE OR (\"state\" IS NOT NULL AND \"state\" = 'available')",
            name=op.f("quota_accounts_state_given_level_city_coordinate_77970d14_check"),
        ),
        sa.CheckConstraint(
            '("level" IN (\'superior\')) IS NOT TRUE OR ("state" IS NOT NULL AND "state" = \'source\')',
            name=op.f("quota_accounts_state_given_level_superior_check"),
        ),
        sa.CheckConstraint(
            '("level" IN (\'town\')) IS NOT TRUE OR ("town_code" IS NOT NULL)',
            name=op.f("quota_accounts_town_code_given_level_town_check"),
        ),
        sa.CheckConstraint(
            '("state" IN (\'source\')) IS NOT TRUE OR ("level" IS NOT NULL AND "level" = \'superior\')',
            name=op.f("quota_accounts_level_given_state_source_check"),
        ),
        sa.CheckConstraint(
            '("state" IN (\'source\')) IS NOT TRUE OR ("overdraft_allowed" IS NOT NULL AND "overdraft_allowed" = true)',
            name=op.f("quota_accounts_overdraft_allowed_given_state_source_check"),
        ),
        sa.CheckConstraint(
            'char_length("account_no") <= 60', name=op.f("quota_accounts_account_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("name") <= 200', name=op.f("quota_accounts_name_length_check")
        ),
        sa.CheckConstraint(
            'char_length("note") <= 1000', name=op.f("quota_accounts_note_length_check")
        ),
        sa.CheckConstraint(
            'char_length("town_code") <= 12', name=op.f("quota_accounts_town_code_length_check")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("quota_accounts_pkey")),
        schema="registers",
        comment="指标账户",
    )
    op.create_index(
        "quota_accounts_key", "quota_accounts", ["account_no"], unique=True, schema="registers"
    )
    op.create_index(
        "quota_accounts_town_code_idx",
        "quota_accounts",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "quota_accounts_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("account_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("quota_kind", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("overdraft_allowed", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')", name=op.f("quota_accounts_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("quota_accounts_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("quota_accounts_history_pkey")),
        schema="registers",
        comment="指标账户：历史版本",
    )
    op.create_table(
        "quota_entries_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_no", sa.BigInteger(), nullable=True),
        sa.Column("posting", sa.UUID(), nullable=True),
        sa.Column("entry_type", sa.Text(), nullable=True),
        sa.Column("from_account", sa.UUID(), nullable=True),
        sa.Column("to_account", sa.UUID(), nullable=True),
        sa.Column("amount_m2", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("booked_on", sa.Date(), nullable=True),
        sa.Column("quota_parcel", sa.UUID(), nullable=True),
        sa.Column("quota_rule", sa.UUID(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("approval_no", sa.Text(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("reverses", sa.UUID(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')", name=op.f("quota_entries_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("quota_entries_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("quota_entries_history_pkey")),
        schema="registers",
        comment="指标台账分录：历史版本",
    )
    op.create_table(
        "quota_parcels",
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
        sa.Column("parcel_no", sa.Text(), nullable=False, comment="地块编号"),
        sa.Column("project_name", sa.Text(), nullable=True, comment="项目名称"),
        sa.Column(
            "is_rural_revitalization",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="乡村振兴项目",
        ),
        sa.Column("town_code", sa.Text(), nullable=True, comment="所在镇街代码"),
        sa.Column("village_code", sa.Text(), nullable=True, comment="所在村代码"),
        sa.Column("approval_no", sa.Text(), nullable=True, comment="批准文号"),
        sa.Column("registered_on", sa.Date(), nullable=True, comment="登记日期"),
        sa.Column("withdrawn_on", sa.Date(), nullable=True, comment="撤销日期"),
        sa.Column(
            "area_declared_m2", sa.Numeric(precision=14, scale=2), nullable=True, comment="申报面积"
        ),
        sa.Column(
            "area_ellipsoid_m2",
            sa.Double(),
            sa.Computed("ST_Area(geography(geom), true)", persisted=True),
            nullable=True,
            comment="椭球面积",
        ),
        sa.Column(
            "area_plane_m2",
            sa.Double(),
            sa.Computed("geoservice.plane_area_m2(geom)", persisted=True),
            nullable=True,
            comment="平面面积",
        ),
        sa.Column(
            "area_difference_m2",
            sa.Double(),
            sa.Computed('"area_declared_m2" - ST_Area(geography(geom), true)', persisted=True),
            nullable=True,
            comment="面积差",
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            '"area_declared_m2" >= 0', name=op.f("quota_parcels_area_declared_m2_minimum_check")
        ),
        sa.CheckConstraint(
            "\"area_difference_m2\" > '-Infinity' AND \"area_difference_m2\" < 'Infinity'",
            name=op.f("quota_parcels_area_difference_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"area_ellipsoid_m2\" > '-Infinity' AND \"area_ellipsoid_m2\" < 'Infinity'",
            name=op.f("quota_parcels_area_ellipsoid_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"area_plane_m2\" > '-Infinity' AND \"area_plane_m2\" < 'Infinity'",
            name=op.f("quota_parcels_area_plane_m2_finite_check"),
        ),
        sa.CheckConstraint(
            '"registered_on" <= "withdrawn_on"',
            name=op.f("quota_parcels_registered_on_withdrawn_on_order_check"),
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("quota_parcels_geom_storable_check"),
        ),
        sa.CheckConstraint(
            'char_length("approval_no") <= 200', name=op.f("quota_parcels_approval_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("parcel_no") <= 60', name=op.f("quota_parcels_parcel_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("project_name") <= 200',
            name=op.f("quota_parcels_project_name_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("town_code") <= 12', name=op.f("quota_parcels_town_code_length_check")
        ),
        sa.CheckConstraint(
            'char_length("village_code") <= 12',
            name=op.f("quota_parcels_village_code_length_check"),
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("quota_parcels_pkey")),
        schema="registers",
        comment="占用指标地块",
    )
    op.create_index(
        "quota_parcels_geom_gist",
        "quota_parcels",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "quota_parcels_key", "quota_parcels", ["parcel_no"], unique=True, schema="registers"
    )
    op.create_index(
        "quota_parcels_town_code_idx",
        "quota_parcels",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "quota_parcels_village_code_idx",
        "quota_parcels",
        ["village_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "quota_parcels_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("parcel_no", sa.Text(), nullable=True),
        sa.Column("project_name", sa.Text(), nullable=True),
        sa.Column("is_rural_revitalization", sa.Boolean(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("village_code", sa.Text(), nullable=True),
        sa.Column("approval_no", sa.Text(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("area_declared_m2", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("area_ellipsoid_m2", sa.Double(), nullable=True),
        sa.Column("area_plane_m2", sa.Double(), nullable=True),
        sa.Column("area_difference_m2", sa.Double(), nullable=True),
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
            "operation IN ('update', 'delete')", name=op.f("quota_parcels_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("quota_parcels_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("quota_parcels_history_pkey")),
        schema="registers",
        comment="占用指标地块：历史版本",
    )
    op.create_index(
        "quota_parcels_history_geom_gist",
        "quota_parcels_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "quota_rules",
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
        sa.Column("rule_no", sa.Text(), nullable=False, comment="规则编号"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称"),
        sa.Column("kind", sa.Text(), nullable=False, comment="规则类型"),
        sa.Column("year", sa.Integer(), nullable=False, comment="指标年度"),
        sa.Column("quota_kind", sa.Text(), nullable=False, comment="指标类型"),
        sa.Column("basis", sa.Text(), nullable=True, comment="基数"),
        sa.Column("percentage", sa.Numeric(precision=5, scale=2), nullable=True, comment="比例"),
        sa.Column("carry_over_allowed", sa.Boolean(), nullable=True, comment="可结转"),
        sa.Column("carry_over_years", sa.Integer(), nullable=True, comment="可结转年数"),
        sa.Column("cut_off_on", sa.Date(), nullable=True, comment="截止日期"),
        sa.Column("document_no", sa.Text(), nullable=True, comment="文号"),
        sa.Column("note", sa.Text(), nullable=True, comment="备注"),
        sa.CheckConstraint(
            "\"basis\" IN ('city_coordinated')", name=op.f("quota_rules_basis_code_check")
        ),
        sa.CheckConstraint(
            '"carry_over_years" <= 10', name=op.f("quota_rules_carry_over_years_maximum_check")
        ),
        sa.CheckConstraint(
            '"carry_over_years" >= 1', name=op.f("quota_rules_carry_over_years_minimum_check")
        ),
        sa.CheckConstraint(
            "\"kind\" IN ('reservation', 'carry_over', 'deduction', 'reclaim')",
            name=op.f("quota_rules_kind_code_check"),
        ),
        sa.CheckConstraint(
            '"percentage" <= 100', name=op.f("quota_rules_percentage_maximum_check")
        ),
        sa.CheckConstraint('"percentage" >= 0', name=op.f("quota_rules_percentage_minimum_check")),
        sa.CheckConstraint(
            "\"quota_kind\" IN ('new_construction', 'linked', 'mining_reclamation', 'farmland_quantity', 'farmland_paddy', 'plan_scale', 'flexible')",
            name=op.f("quota_rules_quota_kind_code_check"),
        ),
        sa.CheckConstraint('"year" <= 2100', name=op.f("quota_rules_year_maximum_check")),
        sa.CheckConstraint('"year" >= 1980', name=op.f("quota_rules_year_minimum_check")),
        sa.CheckConstraint(
            '("kind" IN (\'reservation\')) IS NOT TRUE OR ("basis" IS NOT NULL)',
            name=op.f("quota_rules_basis_given_kind_reservation_check"),
        ),
        sa.CheckConstraint(
            '("kind" IN (\'reservation\')) IS NOT TRUE OR ("percentage" IS NOT NULL)',
            name=op.f("quota_rules_percentage_given_kind_reservation_check"),
        ),
        sa.CheckConstraint(
            'char_length("document_no") <= 200', name=op.f("quota_rules_document_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("name") <= 200', name=op.f("quota_rules_name_length_check")
        ),
        sa.CheckConstraint(
            'char_length("note") <= 1000', name=op.f("quota_rules_note_length_check")
        ),
        sa.CheckConstraint(
            'char_length("rule_no") <= 60', name=op.f("quota_rules_rule_no_length_check")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("quota_rules_pkey")),
        schema="registers",
        comment="指标规则",
    )
    op.create_index("quota_rules_key", "quota_rules", ["rule_no"], unique=True, schema="registers")
    op.create_table(
        "quota_rules_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("quota_kind", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("percentage", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("carry_over_allowed", sa.Boolean(), nullable=True),
        sa.Column("carry_over_years", sa.Integer(), nullable=True),
        sa.Column("cut_off_on", sa.Date(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')", name=op.f("quota_rules_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("quota_rules_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("quota_rules_history_pkey")),
        schema="registers",
        comment="指标规则：历史版本",
    )
    op.create_table(
        "register_periods_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("hazard_site", sa.UUID(), nullable=True),
        sa.Column("register_kind", sa.Text(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_kind", sa.Text(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')",
            name=op.f("register_periods_history_operation_check"),
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("register_periods_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("register_periods_history_pkey")),
        schema="registers",
        comment="既往在册期间：历史版本",
    )
    op.create_table(
        "remediation_programmes",
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
        sa.Column("programme_no", sa.Text(), nullable=False, comment="计划编号"),
        sa.Column("name", sa.Text(), nullable=False, comment="计划名称"),
        sa.Column("name_en", sa.Text(), nullable=True, comment="英文名称"),
        sa.Column("baseline_on", sa.Date(), nullable=False, comment="基准日期"),
        sa.Column("target_on", sa.Date(), nullable=True, comment="目标完成日期"),
        sa.Column("closed_on", sa.Date(), nullable=True, comment="结束日期"),
        sa.Column("frozen_on", sa.Date(), nullable=True, comment="成员冻结日期"),
        sa.Column("hazard_sites", postgresql.ARRAY(sa.UUID()), nullable=True, comment="成员灾害点"),
        sa.Column("document_no", sa.Text(), nullable=True, comment="文号"),
        sa.CheckConstraint(
            '"baseline_on" <= "closed_on"',
            name=op.f("remediation_programmes_baseline_on_closed_on_order_check"),
        ),
        sa.CheckConstraint(
            '"baseline_on" <= "target_on"',
            name=op.f("remediation_programmes_baseline_on_target_on_order_check"),
        ),
        sa.CheckConstraint(
            'array_position("hazard_sites", NULL) IS NULL',
            name=op.f("remediation_programmes_hazard_sites_list_check"),
        ),
        sa.CheckConstraint(
            'char_length("document_no") <= 200',
            name=op.f("remediation_programmes_document_no_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("name") <= 200', name=op.f("remediation_programmes_name_length_check")
        ),
        sa.CheckConstraint(
            'char_length("name_en") <= 200',
            name=op.f("remediation_programmes_name_en_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("programme_no") <= 60',
            name=op.f("remediation_programmes_programme_no_length_check"),
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("remediation_programmes_pkey")),
        schema="registers",
        comment="治理计划",
    )
    op.create_index(
        "remediation_programmes_hazard_sites_idx",
        "remediation_programmes",
        ["hazard_sites"],
        unique=False,
        schema="registers",
        postgresql_using="gin",
    )
    op.create_index(
        "remediation_programmes_key",
        "remediation_programmes",
        ["programme_no"],
        unique=True,
        schema="registers",
    )
    op.create_table(
        "remediation_programmes_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("programme_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("baseline_on", sa.Date(), nullable=True),
        sa.Column("target_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("frozen_on", sa.Date(), nullable=True),
        sa.Column("hazard_sites", postgresql.ARRAY(sa.UUID()), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')",
            name=op.f("remediation_programmes_history_operation_check"),
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("remediation_programmes_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("remediation_programmes_history_pkey")),
        schema="registers",
        comment="治理计划：历史版本",
    )
    op.create_table(
        "risk_zones",
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
        sa.Column("zone_no", sa.Text(), nullable=False, comment="风险区编号"),
        sa.Column("name", sa.Text(), nullable=False, comment="风险区名称"),
        sa.Column("risk_level", sa.Text(), nullable=False, comment="风险等级"),
        sa.Column("method", sa.Text(), nullable=True, comment="划定方法"),
        sa.Column("scale_denominator", sa.Integer(), nullable=True, comment="比例尺分母"),
        sa.Column("town_code", sa.Text(), nullable=True, comment="所在镇街代码"),
        sa.Column("published_on", sa.Date(), nullable=False, comment="公布日期"),
        sa.Column("withdrawn_on", sa.Date(), nullable=True, comment="废止日期"),
        sa.Column("document_no", sa.Text(), nullable=True, comment="文号"),
        sa.Column(
            "area_ellipsoid_m2",
            sa.Double(),
            sa.Computed("ST_Area(geography(geom), true)", persisted=True),
            nullable=True,
            comment="椭球面积",
        ),
        sa.Column(
            "area_plane_m2",
            sa.Double(),
            sa.Computed("geoservice.plane_area_m2(geom)", persisted=True),
            nullable=True,
            comment="平面面积",
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "\"area_ellipsoid_m2\" > '-Infinity' AND \"area_ellipsoid_m2\" < 'Infinity'",
            name=op.f("risk_zones_area_ellipsoid_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"area_plane_m2\" > '-Infinity' AND \"area_plane_m2\" < 'Infinity'",
            name=op.f("risk_zones_area_plane_m2_finite_check"),
        ),
        sa.CheckConstraint(
            '"published_on" <= "withdrawn_on"',
            name=op.f("risk_zones_published_on_withdrawn_on_order_check"),
        ),
        sa.CheckConstraint(
            "\"risk_level\" IN ('very_high', 'high', 'medium', 'low')",
            name=op.f("risk_zones_risk_level_code_check"),
        ),
        sa.CheckConstraint(
            '"scale_denominator" >= 1', name=op.f("risk_zones_scale_denominator_minimum_check")
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("risk_zones_geom_storable_check"),
        ),
        sa.CheckConstraint(
            'char_length("document_no") <= 200', name=op.f("risk_zones_document_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("method") <= 400', name=op.f("risk_zones_method_length_check")
        ),
        sa.CheckConstraint('char_length("name") <= 200', name=op.f("risk_zones_name_length_check")),
        sa.CheckConstraint(
            'char_length("town_code") <= 12', name=op.f("risk_zones_town_code_length_check")
        ),
        sa.CheckConstraint(
            'char_length("zone_no") <= 60', name=op.f("risk_zones_zone_no_length_check")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("risk_zones_pkey")),
        schema="registers",
        comment="地质灾害风险区",
    )
    op.create_index(
        "risk_zones_geom_gist",
        "risk_zones",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index("risk_zones_key", "risk_zones", ["zone_no"], unique=True, schema="registers")
    op.create_index(
        "risk_zones_town_code_idx",
        "risk_zones",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "risk_zones_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("zone_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("risk_level", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("scale_denominator", sa.Integer(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("area_ellipsoid_m2", sa.Double(), nullable=True),
        sa.Column("area_plane_m2", sa.Double(), nullable=True),
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
            "operation IN ('update', 'delete')", name=op.f("risk_zones_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("risk_zones_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("risk_zones_history_pkey")),
        schema="registers",
        comment="地质灾害风险区：历史版本",
    )
    op.create_index(
        "risk_zones_history_geom_gist",
        "risk_zones_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "targets",
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
        sa.Column("target_no", sa.Text(), nullable=False, comment="目标编号"),
        sa.Column("name", sa.Text(), nullable=False, comment="目标名称"),
        sa.Column("metric", sa.Text(), nullable=False, comment="指标"),
        sa.Column("purpose_kind", sa.Text(), nullable=True, comment="用途"),
        sa.Column("value_m2", sa.Numeric(precision=16, scale=2), nullable=False, comment="目标值"),
        sa.Column("tolerance_pct", sa.Numeric(precision=5, scale=2), nullable=True, comment="容差"),
        sa.Column("base_year", sa.Integer(), nullable=False, comment="基期年"),
        sa.Column("end_year", sa.Integer(), nullable=False, comment="目标年"),
        sa.Column("document_no", sa.Text(), nullable=True, comment="文号"),
        sa.Column("note", sa.Text(), nullable=True, comment="备注"),
        sa.CheckConstraint(
            '"base_year" <= "end_year"', name=op.f("targets_base_year_end_year_order_check")
        ),
        sa.CheckConstraint(
            "\"metric\" IN ('new_public_service_land')", name=op.f("targets_metric_code_check")
        ),
        sa.CheckConstraint(
            "\"purpose_kind\" IN ('education', 'transport', 'medical', 'elderly_care', 'other_public')",
            name=op.f("targets_purpose_kind_code_check"),
        ),
        sa.CheckConstraint(
            '"tolerance_pct" >= 0', name=op.f("targets_tolerance_pct_minimum_check")
        ),
        sa.CheckConstraint('"value_m2" >= 0', name=op.f("targets_value_m2_minimum_check")),
        sa.CheckConstraint(
            'char_length("document_no") <= 200', name=op.f("targets_document_no_length_check")
        ),
        sa.CheckConstraint('char_length("name") <= 200', name=op.f("targets_name_length_check")),
        sa.CheckConstraint('char_length("note") <= 1000', name=op.f("targets_note_length_check")),
        sa.CheckConstraint(
            'char_length("target_no") <= 60', name=op.f("targets_target_no_length_check")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("targets_pkey")),
        schema="registers",
        comment="规划目标",
    )
    op.create_index("targets_key", "targets", ["target_no"], unique=True, schema="registers")
    op.create_table(
        "targets_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("target_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("metric", sa.Text(), nullable=True),
        sa.Column("purpose_kind", sa.Text(), nullable=True),
        sa.Column("value_m2", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("tolerance_pct", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("base_year", sa.Integer(), nullable=True),
        sa.Column("end_year", sa.Integer(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('update', 'delete')", name=op.f("targets_history_operation_check")
        ),
        sa.CheckConstraint(
            "recorded_at < superseded_at", name=op.f("targets_history_period_check")
        ),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("targets_history_pkey")),
        schema="registers",
        comment="规划目标：历史版本",
    )
    op.create_table(
        "zones",
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
        sa.Column("zone_no", sa.Text(), nullable=False, comment="片区编号"),
        sa.Column("kind", sa.Text(), nullable=False, comment="片区类别"),
        sa.Column("name", sa.Text(), nullable=False, comment="片区名称"),
        sa.Column(
            "threshold_mu", sa.Numeric(precision=12, scale=4), nullable=True, comment="面积阈值"
        ),
        sa.Column("town_code", sa.Text(), nullable=True, comment="所在镇街代码"),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="启用日期"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="停用日期"),
        sa.Column(
            "area_declared_m2", sa.Numeric(precision=14, scale=2), nullable=True, comment="申报面积"
        ),
        sa.Column(
            "area_ellipsoid_m2",
            sa.Double(),
            sa.Computed("ST_Area(geography(geom), true)", persisted=True),
            nullable=True,
            comment="椭球面积",
        ),
        sa.Column(
            "area_plane_m2",
            sa.Double(),
            sa.Computed("geoservice.plane_area_m2(geom)", persisted=True),
            nullable=True,
            comment="平面面积",
        ),
        sa.Column(
            "area_difference_m2",
            sa.Double(),
            sa.Computed('"area_declared_m2" - ST_Area(geography(geom), true)', persisted=True),
            nullable=True,
            comment="面积差",
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            '"area_declared_m2" >= 0', name=op.f("zones_area_declared_m2_minimum_check")
        ),
        sa.CheckConstraint(
            "\"area_difference_m2\" > '-Infinity' AND \"area_difference_m2\" < 'Infinity'",
            name=op.f("zones_area_difference_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"area_ellipsoid_m2\" > '-Infinity' AND \"area_ellipsoid_m2\" < 'Infinity'",
            name=op.f("zones_area_ellipsoid_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"area_plane_m2\" > '-Infinity' AND \"area_plane_m2\" < 'Infinity'",
            name=op.f("zones_area_plane_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"kind\" IN ('industry_city', 'other')", name=op.f("zones_kind_code_check")
        ),
        sa.CheckConstraint('"threshold_mu" >= 0', name=op.f("zones_threshold_mu_minimum_check")),
        sa.CheckConstraint(
            '"valid_from" <= "valid_to"', name=op.f("zones_valid_from_valid_to_order_check")
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("zones_geom_storable_check"),
        ),
        sa.CheckConstraint('char_length("name") <= 200', name=op.f("zones_name_length_check")),
        sa.CheckConstraint(
            'char_length("town_code") <= 12', name=op.f("zones_town_code_length_check")
        ),
        sa.CheckConstraint('char_length("zone_no") <= 60', name=op.f("zones_zone_no_length_check")),
        sa.PrimaryKeyConstraint("uid", name=op.f("zones_pkey")),
        schema="registers",
        comment="片区",
    )
    op.create_index(
        "zones_geom_gist",
        "zones",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index("zones_key", "zones", ["zone_no"], unique=True, schema="registers")
    op.create_index(
        "zones_town_code_idx",
        "zones",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "zones_history",
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("zone_no", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("threshold_mu", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("area_declared_m2", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("area_ellipsoid_m2", sa.Double(), nullable=True),
        sa.Column("area_plane_m2", sa.Double(), nullable=True),
        sa.Column("area_difference_m2", sa.Double(), nullable=True),
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
            "operation IN ('update', 'delete')", name=op.f("zones_history_operation_check")
        ),
        sa.CheckConstraint("recorded_at < superseded_at", name=op.f("zones_history_period_check")),
        sa.PrimaryKeyConstraint("uid", "version", name=op.f("zones_history_pkey")),
        schema="registers",
        comment="片区：历史版本",
    )
    op.create_index(
        "zones_history_geom_gist",
        "zones_history",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_table(
        "answers",
        sa.Column(
            "name",
            sa.Text(),
            nullable=False,
            comment="also the id of the collection that holds its rows",
        ),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column(
            "given",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="parameters; others have their defaults",
        ),
        sa.Column(
            "title", sa.Text(), nullable=True, comment="null: that of the question with its day"
        ),
        sa.Column(
            "saved_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["name"],
            ["geoservice.published_collections.id"],
            name=op.f("answers_name_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("answers_pkey")),
        schema="geoservice",
        comment="answers that were saved as collections",
    )
    op.create_table(
        "funding_entries",
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
        sa.Column("entry_no", sa.Text(), nullable=False, comment="分录编号"),
        sa.Column("programme", sa.UUID(), nullable=False, comment="治理计划"),
        sa.Column("project", sa.UUID(), nullable=True, comment="治理项目"),
        sa.Column("hazard_site", sa.UUID(), nullable=True, comment="灾害点"),
        sa.Column("kind", sa.Text(), nullable=False, comment="资金阶段"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False, comment="金额"),
        sa.Column("booked_on", sa.Date(), nullable=False, comment="记账日期"),
        sa.Column("funding_source", sa.Text(), nullable=True, comment="资金来源"),
        sa.Column("document_no", sa.Text(), nullable=True, comment="文号"),
        sa.Column("note", sa.Text(), nullable=True, comment="备注"),
        sa.CheckConstraint(
            "\"kind\" IN ('planned', 'secured', 'committed', 'paid')",
            name=op.f("funding_entries_kind_code_check"),
        ),
        sa.CheckConstraint(
            'char_length("document_no") <= 200',
            name=op.f("funding_entries_document_no_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("entry_no") <= 60', name=op.f("funding_entries_entry_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("funding_source") <= 200',
            name=op.f("funding_entries_funding_source_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("note") <= 1000', name=op.f("funding_entries_note_length_check")
        ),
        sa.ForeignKeyConstraint(
            ["hazard_site"],
            ["registers.hazard_sites.uid"],
            name=op.f("funding_entries_hazard_site_fkey"),
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["programme"],
            ["registers.remediation_programmes.uid"],
            name=op.f("funding_entries_programme_fkey"),
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["project"],
            ["registers.remediation_projects.uid"],
            name=op.f("funding_entries_project_fkey"),
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("funding_entries_pkey")),
        schema="registers",
        comment="资金台账分录",
    )
    op.create_index(
        "funding_entries_hazard_site_idx",
        "funding_entries",
        ["hazard_site"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "funding_entries_key", "funding_entries", ["entry_no"], unique=True, schema="registers"
    )
    op.create_index(
        "funding_entries_programme_idx",
        "funding_entries",
        ["programme"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "funding_entries_project_idx",
        "funding_entries",
        ["project"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "land_parcels",
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
        sa.Column("parcel_no", sa.Text(), nullable=False, comment="地块编号"),
        sa.Column(
            "land_use_set",
            sa.Text(),
            server_default=sa.text("'land_use_2023'"),
            nullable=False,
            comment="用地分类代码表",
        ),
        sa.Column("land_use_code", sa.Text(), nullable=False, comment="用地分类"),
        sa.Column("town_code", sa.Text(), nullable=True, comment="所在镇街代码"),
        sa.Column("village_code", sa.Text(), nullable=True, comment="所在村代码"),
        sa.Column("plan", sa.UUID(), nullable=True, comment="所属规划"),
        sa.Column("status", sa.Text(), nullable=True, comment="地块性质"),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="启用日期"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="停用日期"),
        sa.Column(
            "area_declared_m2", sa.Numeric(precision=14, scale=2), nullable=True, comment="申报面积"
        ),
        sa.Column(
            "area_ellipsoid_m2",
            sa.Double(),
            sa.Computed("ST_Area(geography(geom), true)", persisted=True),
            nullable=True,
            comment="椭球面积",
        ),
        sa.Column(
            "area_plane_m2",
            sa.Double(),
            sa.Computed("geoservice.plane_area_m2(geom)", persisted=True),
            nullable=True,
            comment="平面面积",
        ),
        sa.Column(
            "area_difference_m2",
            sa.Double(),
            sa.Computed('"area_declared_m2" - ST_Area(geography(geom), true)', persisted=True),
            nullable=True,
            comment="面积差",
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            '"area_declared_m2" >= 0', name=op.f("land_parcels_area_declared_m2_minimum_check")
        ),
        sa.CheckConstraint(
            "\"area_difference_m2\" > '-Infinity' AND \"area_difference_m2\" < 'Infinity'",
            name=op.f("land_parcels_area_difference_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"area_ellipsoid_m2\" > '-Infinity' AND \"area_ellipsoid_m2\" < 'Infinity'",
            name=op.f("land_parcels_area_ellipsoid_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"area_plane_m2\" > '-Infinity' AND \"area_plane_m2\" < 'Infinity'",
            name=op.f("land_parcels_area_plane_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"status\" IN ('existing', 'planned')", name=op.f("land_parcels_status_code_check")
        ),
        sa.CheckConstraint(
            '"valid_from" <= "valid_to"', name=op.f("land_parcels_valid_from_valid_to_order_check")
        ),
        sa.CheckConstraint(
            "(\"land_use_set\" IS NULL AND \"land_use_code\" IS NULL) OR (\"land_use_set\" IS NOT NULL AND \"land_use_code\" IS NOT NULL AND ((\"land_use_set\" = 'land_use_2023' AND \"land_use_code\" IN ('01', '02', '03', '04', '05', '06', '0601', '060101', '060102', '0602', '07', '0701', '070101', '070102', '070103', '0702', '0703', '070301', '070302', '0704', '08', '0801', '0802', '0803', '080301', '080302', '0804', '080401', '080402', '080403', '080404', '080405', '0805', '080501', '080502', '0806', '080601', '080602', '080603', '0807', '080701', '080702', '080703', '080704', '09', '0901', '0902', '0903', '0904', '10', '1001', '1002', '1003', '11', '1101', '1102', '12', '1201', '1202', '1203', '1204', '1205', '1206', '1207', '1208', '120801', '120802', '120803', '1209', '13', '14', '1401', '1402', '1403', '15', '16', '17', '18', '19', '20', '21', '22', '23', '24')) OR (\"land_use_set\" = 'land_use_gbt21010_2017' AND \"land_use_code\" IN ('01', '0101', '0102', '0103', '02', '03', '04', '05', '06', '0601', '0602', '0603', '0604', '07', '0701', '0702', '08', '0801', '0802', '0803', '0804', '0805', '0806', '0807', '0808', '0809', '0810', '09', '10', '1001', '1002', '1003', '1004', '1005', '1006', '11', '12', '1201', '1202', '1203', '1204', '1205', '1206', '1207'))))",
            name=op.f("land_parcels_land_use_set_land_use_code_pair_check"),
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("land_parcels_geom_storable_check"),
        ),
        sa.CheckConstraint(
            'char_length("parcel_no") <= 60', name=op.f("land_parcels_parcel_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("town_code") <= 12', name=op.f("land_parcels_town_code_length_check")
        ),
        sa.CheckConstraint(
            'char_length("village_code") <= 12', name=op.f("land_parcels_village_code_length_check")
        ),
        sa.ForeignKeyConstraint(
            ["plan"], ["registers.plans.uid"], name=op.f("land_parcels_plan_fkey"), deferrable=True
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("land_parcels_pkey")),
        schema="registers",
        comment="地块",
    )
    op.create_index(
        "land_parcels_geom_gist",
        "land_parcels",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "land_parcels_key", "land_parcels", ["parcel_no"], unique=True, schema="registers"
    )
    op.create_index(
        "land_parcels_plan_idx",
        "land_parcels",
        ["plan"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "land_parcels_town_code_idx",
        "land_parcels",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "land_parcels_village_code_idx",
        "land_parcels",
        ["village_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "quota_entries",
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
        sa.Column("entry_no", sa.BigInteger(), nullable=False, comment="分录号"),
        sa.Column("posting", sa.UUID(), nullable=False, comment="记账凭证"),
        sa.Column("entry_type", sa.Text(), nullable=False, comment="分录类型"),
        sa.Column("from_account", sa.UUID(), nullable=False, comment="转出账户"),
        sa.Column("to_account", sa.UUID(), nullable=False, comment="转入账户"),
        sa.Column("amount_m2", sa.Numeric(precision=14, scale=2), nullable=False, comment="面积"),
        sa.Column("booked_on", sa.Date(), nullable=False, comment="记账日期"),
        sa.Column("quota_parcel", sa.UUID(), nullable=True, comment="地块"),
        sa.Column("quota_rule", sa.UUID(), nullable=True, comment="规则"),
        sa.Column("document_no", sa.Text(), nullable=True, comment="文号"),
        sa.Column("approval_no", sa.Text(), nullable=True, comment="批准文号"),
        sa.Column("expires_on", sa.Date(), nullable=True, comment="占用到期日"),
        sa.Column("reverses", sa.UUID(), nullable=True, comment="被冲正的分录"),
        sa.Column("town_code", sa.Text(), nullable=True, comment="所在镇街代码"),
        sa.Column("note", sa.Text(), nullable=True, comment="备注"),
        sa.CheckConstraint(
            '"amount_m2" >= 0.01', name=op.f("quota_entries_amount_m2_minimum_check")
        ),
        sa.CheckConstraint(
            "\"entry_type\" IN ('allocate', 'reserve', 'distribute', 'transfer', 'hold', 'release', 'use', 'carry', 'reclaim', 'deduct', 'takeover', 'reverse')",
            name=op.f("quota_entries_entry_type_code_check"),
        ),
        sa.CheckConstraint(
            'char_length("approval_no") <= 200', name=op.f("quota_entries_approval_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("document_no") <= 200', name=op.f("quota_entries_document_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("note") <= 1000', name=op.f("quota_entries_note_length_check")
        ),
        sa.CheckConstraint(
            'char_length("town_code") <= 12', name=op.f("quota_entries_town_code_length_check")
        ),
        sa.ForeignKeyConstraint(
            ["from_account"],
            ["registers.quota_accounts.uid"],
            name=op.f("quota_entries_from_account_fkey"),
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["quota_parcel"],
            ["registers.quota_parcels.uid"],
            name=op.f("quota_entries_quota_parcel_fkey"),
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["quota_rule"],
            ["registers.quota_rules.uid"],
            name=op.f("quota_entries_quota_rule_fkey"),
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["reverses"],
            ["registers.quota_entries.uid"],
            name=op.f("quota_entries_reverses_fkey"),
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["to_account"],
            ["registers.quota_accounts.uid"],
            name=op.f("quota_entries_to_account_fkey"),
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("quota_entries_pkey")),
        schema="registers",
        comment="指标台账分录",
    )
    op.create_index(
        "quota_entries_from_account_idx",
        "quota_entries",
        ["from_account"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "quota_entries_key", "quota_entries", ["entry_no"], unique=True, schema="registers"
    )
    op.create_index(
        "quota_entries_posting_entry_no_key",
        "quota_entries",
        ["posting", "entry_no"],
        unique=True,
        schema="registers",
    )
    op.create_index(
        "quota_entries_quota_parcel_idx",
        "quota_entries",
        ["quota_parcel"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "quota_entries_quota_rule_idx",
        "quota_entries",
        ["quota_rule"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "quota_entries_reverses_key", "quota_entries", ["reverses"], unique=True, schema="registers"
    )
    op.create_index(
        "quota_entries_to_account_idx",
        "quota_entries",
        ["to_account"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "quota_entries_town_code_idx",
        "quota_entries",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "register_periods",
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
        sa.Column("register_kind", sa.Text(), nullable=False, comment="登记类别"),
        sa.Column("started_on", sa.Date(), nullable=False, comment="在册起始日期"),
        sa.Column("ended_on", sa.Date(), nullable=False, comment="在册终止日期"),
        sa.Column("end_kind", sa.Text(), nullable=False, comment="终结方式"),
        sa.Column("document_no", sa.Text(), nullable=True, comment="文号"),
        sa.Column("note", sa.Text(), nullable=True, comment="备注"),
        sa.CheckConstraint(
            "\"end_kind\" IN ('cancelled', 'reclassified', 'merged', 'void')",
            name=op.f("register_periods_end_kind_code_check"),
        ),
        sa.CheckConstraint(
            "\"register_kind\" IN ('hidden_danger', 'risk_point')",
            name=op.f("register_periods_register_kind_code_check"),
        ),
        sa.CheckConstraint(
            '"started_on" <= "ended_on"',
            name=op.f("register_periods_started_on_ended_on_order_check"),
        ),
        sa.CheckConstraint(
            'char_length("document_no") <= 200',
            name=op.f("register_periods_document_no_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("note") <= 1000', name=op.f("register_periods_note_length_check")
        ),
        sa.ForeignKeyConstraint(
            ["hazard_site"],
            ["registers.hazard_sites.uid"],
            name=op.f("register_periods_hazard_site_fkey"),
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("register_periods_pkey")),
        schema="registers",
        comment="既往在册期间",
    )
    op.create_index(
        "register_periods_key",
        "register_periods",
        ["hazard_site", "started_on"],
        unique=True,
        schema="registers",
    )
    op.create_table(
        "answer_accounts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "parameters",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="all, as the answer echoed them",
        ),
        sa.Column("data_version", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("coverage", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("issues", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["name"],
            ["geoservice.answers.name"],
            name=op.f("answer_accounts_name_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("name", "at", name=op.f("answer_accounts_pkey")),
        schema="geoservice",
        comment="what a saved answer said of itself when it was saved, and each time it was refreshed",
    )
    op.create_table(
        "land_reserves",
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
        sa.Column("reserve_no", sa.Text(), nullable=False, comment="预留编号"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称"),
        sa.Column("purpose_kind", sa.Text(), nullable=False, comment="用途"),
        sa.Column("status", sa.Text(), nullable=False, comment="状态"),
        sa.Column("intended_on", sa.Date(), nullable=True, comment="意向日期"),
        sa.Column("planned_on", sa.Date(), nullable=True, comment="规划预留日期"),
        sa.Column("approved_on", sa.Date(), nullable=True, comment="批准日期"),
        sa.Column("supplied_on", sa.Date(), nullable=True, comment="供地日期"),
        sa.Column("built_on", sa.Date(), nullable=True, comment="建成日期"),
        sa.Column("cancelled_on", sa.Date(), nullable=True, comment="取消日期"),
        sa.Column("land_use_set", sa.Text(), nullable=True, comment="用地分类代码表"),
        sa.Column("land_use_code", sa.Text(), nullable=True, comment="用地分类"),
        sa.Column(
            "is_embedded",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="不独立占地",
        ),
        sa.Column("land_parcel", sa.UUID(), nullable=True, comment="地块"),
        sa.Column("target", sa.UUID(), nullable=True, comment="规划目标"),
        sa.Column("plan", sa.UUID(), nullable=True, comment="所属规划"),
        sa.Column("town_code", sa.Text(), nullable=True, comment="所在镇街代码"),
        sa.Column("village_code", sa.Text(), nullable=True, comment="所在村代码"),
        sa.Column(
            "area_declared_m2", sa.Numeric(precision=14, scale=2), nullable=True, comment="申报面积"
        ),
        sa.Column(
            "area_ellipsoid_m2",
            sa.Double(),
            sa.Computed("ST_Area(geography(geom), true)", persisted=True),
            nullable=True,
            comment="椭球面积",
        ),
        sa.Column(
            "area_plane_m2",
            sa.Double(),
            sa.Computed("geoservice.plane_area_m2(geom)", persisted=True),
            nullable=True,
            comment="平面面积",
        ),
        sa.Column(
            "area_difference_m2",
            sa.Double(),
            sa.Computed('"area_declared_m2" - ST_Area(geography(geom), true)', persisted=True),
            nullable=True,
            comment="面积差",
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            '"approved_on" <= "supplied_on"',
            name=op.f("land_reserves_approved_on_supplied_on_order_check"),
        ),
        sa.CheckConstraint(
            '"area_declared_m2" >= 0', name=op.f("land_reserves_area_declared_m2_minimum_check")
        ),
        sa.CheckConstraint(
            "\"area_difference_m2\" > '-Infinity' AND \"area_difference_m2\" < 'Infinity'",
            name=op.f("land_reserves_area_difference_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"area_ellipsoid_m2\" > '-Infinity' AND \"area_ellipsoid_m2\" < 'Infinity'",
            name=op.f("land_reserves_area_ellipsoid_m2_finite_check"),
        ),
        sa.CheckConstraint(
            "\"area_plane_m2\" > '-Infinity' AND \"area_plane_m2\" < 'Infinity'",
            name=op.f("land_reserves_area_plane_m2_finite_check"),
        ),
        sa.CheckConstraint(
            '"intended_on" <= "cancelled_on"',
            name=op.f("land_reserves_intended_on_cancelled_on_order_check"),
        ),
        sa.CheckConstraint(
            '"intended_on" <= "planned_on"',
            name=op.f("land_reserves_intended_on_planned_on_order_check"),
        ),
        sa.CheckConstraint(
            '"planned_on" <= "approved_on"',
            name=op.f("land_reserves_planned_on_approved_on_order_check"),
        ),
        sa.CheckConstraint(
            "\"purpose_kind\" IN ('education', 'transport', 'medical', 'elderly_care', 'other_public')",
            name=op.f("land_reserves_purpose_kind_code_check"),
        ),
        sa.CheckConstraint(
            "\"status\" IN ('intended', 'planned', 'approved', 'supplied', 'built', 'cancelled')",
            name=op.f("land_reserves_status_code_check"),
        ),
        sa.CheckConstraint(
            '"supplied_on" <= "built_on"',
            name=op.f("land_reserves_supplied_on_built_on_order_check"),
        ),
        sa.CheckConstraint(
            "(\"land_use_set\" IS NULL AND \"land_use_code\" IS NULL) OR (\"land_use_set\" IS NOT NULL AND \"land_use_code\" IS NOT NULL AND ((\"land_use_set\" = 'land_use_2023' AND \"land_use_code\" IN ('01', '02', '03', '04', '05', '06', '0601', '060101', '060102', '0602', '07', '0701', '070101', '070102', '070103', '0702', '0703', '070301', '070302', '0704', '08', '0801', '0802', '0803', '080301', '080302', '0804', '080401', '080402', '080403', '080404', '080405', '0805', '080501', '080502', '0806', '080601', '080602', '080603', '0807', '080701', '080702', '080703', '080704', '09', '0901', '0902', '0903', '0904', '10', '1001', '1002', '1003', '11', '1101', '1102', '12', '1201', '1202', '1203', '1204', '1205', '1206', '1207', '1208', '120801', '120802', '120803', '1209', '13', '14', '1401', '1402', '1403', '15', '16', '17', '18', '19', '20', '21', '22', '23', '24')) OR (\"land_use_set\" = 'land_use_gbt21010_2017' AND \"land_use_code\" IN ('01', '0101', '0102', '0103', '02', '03', '04', '05', '06', '0601', '0602', '0603', '0604', '07', '0701', '0702', '08', '0801', '0802', '0803', '0804', '0805', '0806', '0807', '0808', '0809', '0810', '09', '10', '1001', '1002', '1003', '1004', '1005', '1006', '11', '12', '1201', '1202', '1203', '1204', '1205', '1206', '1207'))))",
            name=op.f("land_reserves_land_use_set_land_use_code_pair_check"),
        ),
        sa.CheckConstraint(
            '("status" IN (\'approved\')) IS NOT TRUE OR ("approved_on" IS NOT NULL)',
            name=op.f("land_reserves_approved_on_given_status_approved_check"),
        ),
        sa.CheckConstraint(
            '("status" IN (\'built\')) IS NOT TRUE OR ("built_on" IS NOT NULL)',
            name=op.f("land_reserves_built_on_given_status_built_check"),
        ),
        sa.CheckConstraint(
            '("status" IN (\'cancelled\')) IS NOT TRUE OR ("cancelled_on" IS NOT NULL)',
            name=op.f("land_reserves_cancelled_on_given_status_cancelled_check"),
        ),
        sa.CheckConstraint(
            '("status" IN (\'planned\')) IS NOT TRUE OR ("planned_on" IS NOT NULL)',
            name=op.f("land_reserves_planned_on_given_status_planned_check"),
        ),
        sa.CheckConstraint(
            '("status" IN (\'supplied\')) IS NOT TRUE OR ("supplied_on" IS NOT NULL)',
            name=op.f("land_reserves_supplied_on_given_status_supplied_check"),
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("land_reserves_geom_storable_check"),
        ),
        sa.CheckConstraint(
            'char_length("name") <= 200', name=op.f("land_reserves_name_length_check")
        ),
        sa.CheckConstraint(
            'char_length("reserve_no") <= 60', name=op.f("land_reserves_reserve_no_length_check")
        ),
        sa.CheckConstraint(
            'char_length("town_code") <= 12', name=op.f("land_reserves_town_code_length_check")
        ),
        sa.CheckConstraint(
            'char_length("village_code") <= 12',
            name=op.f("land_reserves_village_code_length_check"),
        ),
        sa.ForeignKeyConstraint(
            ["land_parcel"],
            ["registers.land_parcels.uid"],
            name=op.f("land_reserves_land_parcel_fkey"),
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["plan"], ["registers.plans.uid"], name=op.f("land_reserves_plan_fkey"), deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["target"],
            ["registers.targets.uid"],
            name=op.f("land_reserves_target_fkey"),
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("land_reserves_pkey")),
        schema="registers",
        comment="公共服务设施用地预留",
    )
    op.create_index(
        "land_reserves_geom_gist",
        "land_reserves",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "land_reserves_key", "land_reserves", ["reserve_no"], unique=True, schema="registers"
    )
    op.create_index(
        "land_reserves_land_parcel_idx",
        "land_reserves",
        ["land_parcel"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "land_reserves_plan_idx",
        "land_reserves",
        ["plan"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "land_reserves_target_idx",
        "land_reserves",
        ["target"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "land_reserves_town_code_idx",
        "land_reserves",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "land_reserves_village_code_idx",
        "land_reserves",
        ["village_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_table(
        "education_projects",
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
        sa.Column("build_kind", sa.Text(), nullable=False, comment="建设方式"),
        sa.Column("stages", postgresql.ARRAY(sa.Text()), nullable=True, comment="学段"),
        sa.Column("seats_kindergarten", sa.Integer(), nullable=True, comment="幼儿园学位数"),
        sa.Column("seats_primary", sa.Integer(), nullable=True, comment="小学学位数"),
        sa.Column("seats_junior", sa.Integer(), nullable=True, comment="初中学位数"),
        sa.Column("seats_senior", sa.Integer(), nullable=True, comment="高中学位数"),
        sa.Column("land_status", sa.Text(), nullable=False, comment="用地落实情况"),
        sa.Column("land_reserve", sa.UUID(), nullable=True, comment="用地预留"),
        sa.Column("facility", sa.UUID(), nullable=True, comment="设施"),
        sa.Column("status", sa.Text(), nullable=False, comment="状态"),
        sa.Column("listed_on", sa.Date(), nullable=True, comment="列入日期"),
        sa.Column("opens_on", sa.Date(), nullable=True, comment="启用日期"),
        sa.Column("closed_on", sa.Date(), nullable=True, comment="结束日期"),
        sa.Column("is_priority", sa.Boolean(), nullable=True, comment="重点保障"),
        sa.Column("town_code", sa.Text(), nullable=True, comment="所在镇街代码"),
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
            "\"build_kind\" IN ('new', 'rebuilt', 'extended')",
            name=op.f("education_projects_build_kind_code_check"),
        ),
        sa.CheckConstraint(
            "\"land_status\" IN ('not_needed', 'lacking', 'reserved', 'approved', 'supplied')",
            name=op.f("education_projects_land_status_code_check"),
        ),
        sa.CheckConstraint(
            '"listed_on" <= "closed_on"',
            name=op.f("education_projects_listed_on_closed_on_order_check"),
        ),
        sa.CheckConstraint(
            '"listed_on" <= "opens_on"',
            name=op.f("education_projects_listed_on_opens_on_order_check"),
        ),
        sa.CheckConstraint(
            '"seats_junior" >= 0', name=op.f("education_projects_seats_junior_minimum_check")
        ),
        sa.CheckConstraint(
            '"seats_kindergarten" >= 0',
            name=op.f("education_projects_seats_kindergarten_minimum_check"),
        ),
        sa.CheckConstraint(
            '"seats_primary" >= 0', name=op.f("education_projects_seats_primary_minimum_check")
        ),
        sa.CheckConstraint(
            '"seats_senior" >= 0', name=op.f("education_projects_seats_senior_minimum_check")
        ),
        sa.CheckConstraint(
            "\"stages\" <@ ARRAY['kindergarten', 'primary', 'junior', 'senior']",
            name=op.f("education_projects_stages_code_check"),
        ),
        sa.CheckConstraint(
            "\"status\" IN ('listed', 'in_works', 'opened', 'cancelled')",
            name=op.f("education_projects_status_code_check"),
        ),
        sa.CheckConstraint(
            'NOT ST_IsEmpty("geom") AND ST_XMin("geom") >= -180 AND ST_XMax("geom") <= 180 AND ST_YMin("geom") >= -90 AND ST_YMax("geom") <= 90 AND ST_IsValid("geom")',
            name=op.f("education_projects_geom_storable_check"),
        ),
        sa.CheckConstraint(
            'array_position("stages", NULL) IS NULL',
            name=op.f("education_projects_stages_list_check"),
        ),
        sa.CheckConstraint(
            'char_length("name") <= 200', name=op.f("education_projects_name_length_check")
        ),
        sa.CheckConstraint(
            'char_length("project_no") <= 60',
            name=op.f("education_projects_project_no_length_check"),
        ),
        sa.CheckConstraint(
            'char_length("town_code") <= 12', name=op.f("education_projects_town_code_length_check")
        ),
        sa.ForeignKeyConstraint(
            ["facility"],
            ["registers.facilities.uid"],
            name=op.f("education_projects_facility_fkey"),
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["land_reserve"],
            ["registers.land_reserves.uid"],
            name=op.f("education_projects_land_reserve_fkey"),
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("education_projects_pkey")),
        schema="registers",
        comment="教育扩容项目",
    )
    op.create_index(
        "education_projects_facility_idx",
        "education_projects",
        ["facility"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "education_projects_geom_gist",
        "education_projects",
        ["geom"],
        unique=False,
        schema="registers",
        postgresql_using="gist",
    )
    op.create_index(
        "education_projects_key",
        "education_projects",
        ["project_no"],
        unique=True,
        schema="registers",
    )
    op.create_index(
        "education_projects_land_reserve_idx",
        "education_projects",
        ["land_reserve"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.create_index(
        "education_projects_town_code_idx",
        "education_projects",
        ["town_code"],
        unique=False,
        schema="registers",
        postgresql_using="btree",
    )
    op.add_column(
        "remediation_projects",
        sa.Column("households_to_relocate", sa.Integer(), nullable=True, comment="应搬迁户数"),
        schema="registers",
    )
    op.add_column(
        "remediation_projects",
        sa.Column("households_relocated", sa.Integer(), nullable=True, comment="已搬迁户数"),
        schema="registers",
    )
    op.add_column(
        "remediation_projects",
        sa.Column("old_houses_standing", sa.Integer(), nullable=True, comment="旧房未拆除数"),
        schema="registers",
    )
    op.add_column(
        "remediation_projects",
        sa.Column("cancellation_requested_on", sa.Date(), nullable=True, comment="申请核销日期"),
        schema="registers",
    )
    op.add_column(
        "remediation_projects",
        sa.Column("void_on", sa.Date(), nullable=True, comment="误报认定日期"),
        schema="registers",
    )
    op.execute(_KEEP_FUNDS)
    op.drop_column("remediation_projects", "funds_secured_fen", schema="registers")
    op.add_column(
        "remediation_projects_history",
        sa.Column("households_to_relocate", sa.Integer(), nullable=True),
        schema="registers",
    )
    op.add_column(
        "remediation_projects_history",
        sa.Column("households_relocated", sa.Integer(), nullable=True),
        schema="registers",
    )
    op.add_column(
        "remediation_projects_history",
        sa.Column("old_houses_standing", sa.Integer(), nullable=True),
        schema="registers",
    )
    op.add_column(
        "remediation_projects_history",
        sa.Column("cancellation_requested_on", sa.Date(), nullable=True),
        schema="registers",
    )
    op.add_column(
        "remediation_projects_history",
        sa.Column("void_on", sa.Date(), nullable=True),
        schema="registers",
    )
    op.drop_column("remediation_projects_history", "funds_secured_fen", schema="registers")
    for name, test in _NEW_CHECKS.items():
        op.create_check_constraint(
            op.f(name), "remediation_projects", test, schema="registers", postgresql_not_valid=True
        )


def downgrade() -> None:
    for name in _NEW_CHECKS:
        op.drop_constraint(op.f(name), "remediation_projects", schema="registers")
    op.add_column(
        "remediation_projects_history",
        sa.Column("funds_secured_fen", sa.BIGINT(), autoincrement=False, nullable=True),
        schema="registers",
    )
    op.drop_column("remediation_projects_history", "void_on", schema="registers")
    op.drop_column("remediation_projects_history", "cancellation_requested_on", schema="registers")
    op.drop_column("remediation_projects_history", "old_houses_standing", schema="registers")
    op.drop_column("remediation_projects_history", "households_relocated", schema="registers")
    op.drop_column("remediation_projects_history", "households_to_relocate", schema="registers")
    op.add_column(
        "remediation_projects",
        sa.Column(
            "funds_secured_fen",
            sa.BIGINT(),
            autoincrement=False,
            nullable=True,
            comment="已落实资金",
        ),
        schema="registers",
    )
    op.drop_column("remediation_projects", "void_on", schema="registers")
    op.drop_column("remediation_projects", "cancellation_requested_on", schema="registers")
    op.drop_column("remediation_projects", "old_houses_standing", schema="registers")
    op.drop_column("remediation_projects", "households_relocated", schema="registers")
    op.drop_column("remediation_projects", "households_to_relocate", schema="registers")
    op.drop_index(
        "education_projects_town_code_idx",
        table_name="education_projects",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "education_projects_land_reserve_idx",
        table_name="education_projects",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index("education_projects_key", table_name="education_projects", schema="registers")
    op.drop_index(
        "education_projects_geom_gist",
        table_name="education_projects",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_index(
        "education_projects_facility_idx",
        table_name="education_projects",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_table("education_projects", schema="registers")
    op.drop_index(
        "land_reserves_village_code_idx",
        table_name="land_reserves",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "land_reserves_town_code_idx",
        table_name="land_reserves",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "land_reserves_target_idx",
        table_name="land_reserves",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "land_reserves_plan_idx",
        table_name="land_reserves",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "land_reserves_land_parcel_idx",
        table_name="land_reserves",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index("land_reserves_key", table_name="land_reserves", schema="registers")
    op.drop_index(
        "land_reserves_geom_gist",
        table_name="land_reserves",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("land_reserves", schema="registers")
    op.drop_table("answer_accounts", schema="geoservice")
    op.drop_index("register_periods_key", table_name="register_periods", schema="registers")
    op.drop_table("register_periods", schema="registers")
    op.drop_index(
        "quota_entries_town_code_idx",
        table_name="quota_entries",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "quota_entries_to_account_idx",
        table_name="quota_entries",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index("quota_entries_reverses_key", table_name="quota_entries", schema="registers")
    op.drop_index(
        "quota_entries_quota_rule_idx",
        table_name="quota_entries",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "quota_entries_quota_parcel_idx",
        table_name="quota_entries",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "quota_entries_posting_entry_no_key", table_name="quota_entries", schema="registers"
    )
    op.drop_index("quota_entries_key", table_name="quota_entries", schema="registers")
    op.drop_index(
        "quota_entries_from_account_idx",
        table_name="quota_entries",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_table("quota_entries", schema="registers")
    op.drop_index(
        "land_parcels_village_code_idx",
        table_name="land_parcels",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "land_parcels_town_code_idx",
        table_name="land_parcels",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "land_parcels_plan_idx",
        table_name="land_parcels",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index("land_parcels_key", table_name="land_parcels", schema="registers")
    op.drop_index(
        "land_parcels_geom_gist",
        table_name="land_parcels",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("land_parcels", schema="registers")
    op.drop_index(
        "funding_entries_project_idx",
        table_name="funding_entries",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "funding_entries_programme_idx",
        table_name="funding_entries",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index("funding_entries_key", table_name="funding_entries", schema="registers")
    op.drop_index(
        "funding_entries_hazard_site_idx",
        table_name="funding_entries",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_table("funding_entries", schema="registers")
    op.drop_table("answers", schema="geoservice")
    op.drop_index(
        "zones_history_geom_gist",
        table_name="zones_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("zones_history", schema="registers")
    op.drop_index(
        "zones_town_code_idx", table_name="zones", schema="registers", postgresql_using="btree"
    )
    op.drop_index("zones_key", table_name="zones", schema="registers")
    op.drop_index(
        "zones_geom_gist", table_name="zones", schema="registers", postgresql_using="gist"
    )
    op.drop_table("zones", schema="registers")
    op.drop_table("targets_history", schema="registers")
    op.drop_index("targets_key", table_name="targets", schema="registers")
    op.drop_table("targets", schema="registers")
    op.drop_index(
        "risk_zones_history_geom_gist",
        table_name="risk_zones_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("risk_zones_history", schema="registers")
    op.drop_index(
        "risk_zones_town_code_idx",
        table_name="risk_zones",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index("risk_zones_key", table_name="risk_zones", schema="registers")
    op.drop_index(
        "risk_zones_geom_gist", table_name="risk_zones", schema="registers", postgresql_using="gist"
    )
    op.drop_table("risk_zones", schema="registers")
    op.drop_table("remediation_programmes_history", schema="registers")
    op.drop_index(
        "remediation_programmes_key", table_name="remediation_programmes", schema="registers"
    )
    op.drop_index(
        "remediation_programmes_hazard_sites_idx",
        table_name="remediation_programmes",
        schema="registers",
        postgresql_using="gin",
    )
    op.drop_table("remediation_programmes", schema="registers")
    op.drop_table("register_periods_history", schema="registers")
    op.drop_table("quota_rules_history", schema="registers")
    op.drop_index("quota_rules_key", table_name="quota_rules", schema="registers")
    op.drop_table("quota_rules", schema="registers")
    op.drop_index(
        "quota_parcels_history_geom_gist",
        table_name="quota_parcels_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("quota_parcels_history", schema="registers")
    op.drop_index(
        "quota_parcels_village_code_idx",
        table_name="quota_parcels",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index(
        "quota_parcels_town_code_idx",
        table_name="quota_parcels",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index("quota_parcels_key", table_name="quota_parcels", schema="registers")
    op.drop_index(
        "quota_parcels_geom_gist",
        table_name="quota_parcels",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("quota_parcels", schema="registers")
    op.drop_table("quota_entries_history", schema="registers")
    op.drop_table("quota_accounts_history", schema="registers")
    op.drop_index(
        "quota_accounts_town_code_idx",
        table_name="quota_accounts",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index("quota_accounts_key", table_name="quota_accounts", schema="registers")
    op.drop_table("quota_accounts", schema="registers")
    op.drop_index(
        "plans_history_geom_gist",
        table_name="plans_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("plans_history", schema="registers")
    op.drop_index(
        "plans_village_code_idx", table_name="plans", schema="registers", postgresql_using="btree"
    )
    op.drop_index(
        "plans_town_code_idx", table_name="plans", schema="registers", postgresql_using="btree"
    )
    op.drop_index("plans_key", table_name="plans", schema="registers")
    op.drop_index(
        "plans_geom_gist", table_name="plans", schema="registers", postgresql_using="gist"
    )
    op.drop_table("plans", schema="registers")
    op.drop_table("livelihood_projects_history", schema="registers")
    op.drop_index("livelihood_projects_key", table_name="livelihood_projects", schema="registers")
    op.drop_table("livelihood_projects", schema="registers")
    op.drop_index(
        "land_reserves_history_geom_gist",
        table_name="land_reserves_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("land_reserves_history", schema="registers")
    op.drop_index(
        "land_parcels_history_geom_gist",
        table_name="land_parcels_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("land_parcels_history", schema="registers")
    op.drop_table("funding_entries_history", schema="registers")
    op.drop_index(
        "education_projects_history_geom_gist",
        table_name="education_projects_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("education_projects_history", schema="registers")
    op.drop_index(
        "coverage_statements_history_geom_gist",
        table_name="coverage_statements_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("coverage_statements_history", schema="registers")
    op.drop_index(
        "coverage_statements_town_code_idx",
        table_name="coverage_statements",
        schema="registers",
        postgresql_using="btree",
    )
    op.drop_index("coverage_statements_key", table_name="coverage_statements", schema="registers")
    op.drop_index(
        "coverage_statements_geom_gist",
        table_name="coverage_statements",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("coverage_statements", schema="registers")
    op.drop_index(
        "control_lines_history_geom_gist",
        table_name="control_lines_history",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("control_lines_history", schema="registers")
    op.drop_index("control_lines_key", table_name="control_lines", schema="registers")
    op.drop_index(
        "control_lines_geom_gist",
        table_name="control_lines",
        schema="registers",
        postgresql_using="gist",
    )
    op.drop_table("control_lines", schema="registers")
    op.drop_table("quota_holds", schema="geoservice")
    op.drop_table("quota_charges", schema="geoservice")
    op.drop_table("quota_balances", schema="geoservice")
