#pragma once
// A store on one connection that counts the statements sent through it: what begins and ends a transaction
// is not counted, nor what is undone. One thread.

#include <memory>
#include <utility>

#include "store/sql/scope.h"
#include "store/sql/transaction.h"

namespace redflag::testing {

class CountingConnection : public store::sql::Connection {
 public:
  explicit CountingConnection(std::unique_ptr<store::sql::Connection> inner) : inner_(std::move(inner)) {}

  std::size_t statements() const { return statements_; }
  std::size_t commits() const { return commits_; }  // of what may have changed something

  const store::sql::Dialect& dialect() const override { return inner_->dialect(); }
  void demandAlone() override { inner_->demandAlone(); }
  store::sql::Rows queryValues(std::string_view sql, const std::vector<store::sql::Value>& values) override {
    ++statements_;
    return inner_->queryValues(sql, values);
  }
  void settle() override { inner_->settle(); }
  void script(std::string_view sql) override { inner_->script(sql); }
  void begin(store::sql::Access access) override {
    writes_ = access == store::sql::Access::kWrite;
    inner_->begin(access);
  }
  void commit() override {
    commits_ += writes_ ? 1U : 0U;
    inner_->commit();
  }
  void rollBack() noexcept override { inner_->rollBack(); }

 protected:
  int executeValues(std::string_view sql, const store::sql::Value* values, std::size_t count) override {
    ++statements_;
    return inner_->executeAll(sql, {values, values + count});
  }
  void postValues(std::string_view sql, const store::sql::Value* values, std::size_t count) override {
    ++statements_;
    inner_->postAll(sql, {values, values + count});
  }

 private:
  const std::unique_ptr<store::sql::Connection> inner_;
  std::size_t statements_ = 0;
  std::size_t commits_ = 0;
  bool writes_ = false;
};

class CountingStore : public store::Store {
 public:
  explicit CountingStore(std::unique_ptr<store::sql::Connection> connection)
      : connection_(std::move(connection)) {}

  // What `work` sends.
  template <class F>
  std::size_t statementsOf(F&& work) {
    const std::size_t before = connection_.statements();
    work();
    return connection_.statements() - before;
  }
  template <class F>
  std::size_t commitsOf(F&& work) {
    const std::size_t before = connection_.commits();
    work();
    return connection_.commits() - before;
  }
  std::int64_t settledEvents() const override {
    return read([](const store::ReadTransaction& tx) { return tx.events().newest(); });
  }
  void onOutbox(std::function<void()>) override {}

 protected:
  void runRead(const std::function<void(const store::ReadTransaction&)>& work) const override {
    const store::sql::Scope snapshot(connection_, store::sql::Access::kRead);
    const store::sql::Transaction transaction(connection_);
    work(transaction);
  }
  void runWrite(const std::string& /*whose*/,
                const std::function<void(store::WriteTransaction&)>& work) override {
    store::sql::Scope scope(connection_, store::sql::Access::kWrite);
    store::sql::Transaction transaction(connection_);
    work(transaction);
    transaction.finish();
    scope.commit();
    for (const auto& action : transaction.takeAfterCommit())
      action();
  }

 private:
  mutable CountingConnection connection_;
};

}  // namespace redflag::testing
