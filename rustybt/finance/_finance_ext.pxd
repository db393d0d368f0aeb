from libc.stdint cimport int64_t

from rustybt._protocol cimport AssetBars, PriceFeed


cdef class Position:
    cdef readonly object asset
    cdef double shares
    cdef double cost
    cdef double price
    cdef double settled_price
    cdef double multiplier
    cdef int64_t sale_ns
    cdef bint is_future
    cdef bint changed
    cdef AssetBars bars

    cdef double exposure(self) noexcept nogil
    cdef void trade(self, double amount, double price, int64_t time_ns) noexcept
    cdef void add_commission(self, double cost) noexcept
    cdef double split(self, double ratio) except? -1.0


cdef class PositionView:
    cdef readonly Position _underlying_position


cdef class PositionStats:
    cdef readonly double gross_exposure
    cdef readonly double gross_value
    cdef readonly double long_exposure
    cdef readonly double long_value
    cdef readonly double net_exposure
    cdef readonly double net_value
    cdef readonly double short_exposure
    cdef readonly double short_value
    cdef readonly int64_t longs_count
    cdef readonly int64_t shorts_count
    cdef dict positions

    cdef void update(self, dict positions) except *


cdef class PositionTracker:
    cdef readonly object data_frequency
    cdef readonly dict positions
    cdef object store
    cdef dict unpaid_dividends
    cdef dict unpaid_stock_dividends
    cdef PositionStats current_stats
    cdef bint dirty_stats
    cdef bint members_changed
    cdef int64_t synced_ns
    cdef PriceFeed feed
    cdef object last_time
    cdef int64_t last_nanos

    cdef int64_t nanos(self, time) except? -1
    cdef void touch(self) noexcept
    cdef Position open(self, asset)
    cdef void close(self, asset) except *
    cdef bint sync(self, feed) except -1
    cdef int take_prices(self, PriceFeed feed) except -1
    cdef int ask_prices(self, feed) except -1
    cdef PositionStats refreshed(self)


cdef class Portfolio:
    cdef readonly double cash_flow
    cdef readonly double starting_cash
    cdef readonly double portfolio_value
    cdef readonly double pnl
    cdef readonly double returns
    cdef readonly double cash
    cdef readonly double positions_value
    cdef readonly double positions_exposure
    cdef readonly object positions
    cdef readonly object start_date


cdef class Recording:
    cdef readonly Py_ssize_t sessions
    cdef readonly list transactions
    cdef readonly list orders
    cdef readonly dict variables
    cdef object table
    cdef object closes
    cdef object spans
    cdef double[:, ::1] values
    cdef int64_t[::1] close_ns
    cdef int64_t[:, ::1] marks
    cdef list assets
    cdef dict asset_numbers
    cdef object held_assets
    cdef object held_amounts
    cdef object held_costs
    cdef object prices

    cdef void write_positions(self, Py_ssize_t session, PositionTracker tracker) except *


cdef class Ledger:
    cdef readonly PositionTracker position_tracker
    cdef readonly Recording recording
    cdef readonly object daily_returns_array
    cdef object trading_sessions
    cdef Portfolio current_portfolio
    cdef object current_account
    cdef dict account_overrides
    cdef list session_transactions
    cdef dict session_orders
    cdef double previous_total_returns
    cdef bint dirty_portfolio
    cdef bint dirty_account

    cdef void move_cash(self, double amount) noexcept
    cdef int update(self) except -1
    cdef double day_returns(self) except? -1.0
